"""Settings of the latent course model: their names, their defaults, and what they mean."""

from __future__ import annotations

from pivotal.study.model import Study

DEFAULTS: dict[str, tuple[float, str]] = {
    "course_correlation_4wk": (0.8, "correlation of a patient's course at two times 4 weeks apart"),
    "score_correlation": (0.85, "correlation of the latents of IGA and EASI at a visit"),
    "itch_correlation": (0.6, "correlation of the latents of itch and EASI at a visit"),
    "dropout_correlation": (-0.2, "correlation of leaving early with the course; below 0 those leave who improve less"),
    "easi_spread": (0.9, "spread of the remaining share of EASI between patients, on the log scale"),
    "region_spread": (0.5, "spread of the regions' areas around the patient's own, on the log scale"),
    "region_response_spread": (
        0.3,
        "spread of the regions' remaining shares around the patient's own, on the log scale",
    ),
    "itch_spread": (2.5, "spread of the improvement of itch between patients, in points"),
    "severity_spread": (
        0.45,
        "spread of the signs' severity between patients, on the log scale: where its search starts",
    ),
    "severity_by_iga": (0.35, "how much more severe the signs are a grade of IGA up, on the log scale"),
    "iga_unchanged": (2.2, "width of the band of latents in which IGA stays as it was, in standard deviations"),
    "iga_gap": (1.0, "distance of neighbouring thresholds of IGA where no target says it, in standard deviations"),
}


def setting(study: Study, name: str) -> float:
    """A setting's value in the study, or its default."""
    stated = study.cohort.settings.get(name) if study.cohort is not None else None
    return stated.number if stated is not None else DEFAULTS[name][0]

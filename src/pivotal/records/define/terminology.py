"""The lists of CDISC's controlled terminology that data sets of virtual trials use, with NCI's codes.

From the package of SDTM terminology of 2015-12-18. A value that is not among a list's terms is marked as an extension.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """A list: its name, NCI's code of it, and the code of each term."""

    name: str
    code: str
    terms: Mapping[str, str]


LISTS: dict[str, Terms] = {
    "SEX": Terms("Sex", "C66731", {"F": "C16576", "M": "C20197", "U": "C17998", "UNDIFFERENTIATED": "C45908"}),
    "RACE": Terms(
        "Race",
        "C74457",
        {
            "AMERICAN INDIAN OR ALASKA NATIVE": "C41259",
            "ASIAN": "C41260",
            "BLACK OR AFRICAN AMERICAN": "C16352",
            "NATIVE HAWAIIAN OR OTHER PACIFIC ISLANDER": "C41219",
            "WHITE": "C41261",
        },
    ),
    "ETHNIC": Terms(
        "Ethnic Group",
        "C66790",
        {
            "HISPANIC OR LATINO": "C17459",
            "NOT HISPANIC OR LATINO": "C41222",
            "NOT REPORTED": "C43234",
            "UNKNOWN": "C17998",
        },
    ),
    "AGEU": Terms("Age Unit", "C66781", {"MONTHS": "C29846", "YEARS": "C29848"}),
    "NY": Terms("No Yes Response", "C66742", {"N": "C49487", "U": "C17998", "Y": "C49488"}),
    "DSCAT": Terms(
        "Category for Disposition Event",
        "C74558",
        {"DISPOSITION EVENT": "C74590", "OTHER EVENT": "C74589", "PROTOCOL MILESTONE": "C74588"},
    ),
    "NCOMPLT": Terms(
        "Completion/Reason for Non-Completion",
        "C66727",
        {
            "ADVERSE EVENT": "C41331",
            "COMPLETED": "C25250",
            "DEATH": "C28554",
            "DISEASE RELAPSE": "C38155",
            "FAILURE TO MEET RANDOMIZATION CRITERIA": "C105448",
            "LACK OF EFFICACY": "C48226",
            "LOST TO FOLLOW-UP": "C48227",
            "NON-COMPLIANCE WITH STUDY DRUG": "C49631",
            "OTHER": "C17649",
            "PHYSICIAN DECISION": "C48250",
            "PREGNANCY": "C25742",
            "PROGRESSIVE DISEASE": "C35571",
            "PROTOCOL DEVIATION": "C48251",
            "RECOVERY": "C25746",
            "SCREEN FAILURE": "C49628",
            "SITE TERMINATED BY SPONSOR": "C106576",
            "STUDY TERMINATED BY SPONSOR": "C49632",
            "TECHNICAL PROBLEMS": "C49633",
            "WITHDRAWAL BY PARENT/GUARDIAN": "C102355",
            "WITHDRAWAL BY SUBJECT": "C49634",
        },
    ),
    "EPOCH": Terms(
        "Epoch",
        "C99079",
        {
            "BLINDED TREATMENT": "C102255",
            "CONTINUATION TREATMENT": "C123452",
            "FOLLOW-UP": "C99158",
            "LONG-TERM FOLLOW-UP": "C16032",
            "SCREENING": "C48262",
            "TREATMENT": "C101526",
        },
    ),
    "FREQ": Terms("Frequency", "C71113", {"BID": "C64496", "QD": "C25473"}),
    "ROUTE": Terms("Route of Administration", "C66729", {"CUTANEOUS": "C38675", "ORAL": "C38288", "TOPICAL": "C38304"}),
    "FRM": Terms("Pharmaceutical Dosage Form", "C66726", {"CREAM": "C28944", "TABLET": "C42998"}),
    "UNIT": Terms("Unit", "C71620", {"%": "C25613", "mg": "C28253"}),
    "EVAL": Terms("Evaluator", "C78735", {"INVESTIGATOR": "C25936", "STUDY SUBJECT": "C41189"}),
}
"""By the list's submission value."""

"""Reading a product file: all that is wrong with it at once, each fault with its line.

A product is named, when it comes with the package, or it is the path of a TOML file.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pivotal.errors import ProductError, UsageError, nearest
from pivotal.label.checks import check
from pivotal.label.product import Product
from pivotal.study.checks.node import Problem
from pivotal.study.schema import Shape, problems
from pivotal.study.toml import faults, parsed, text_of

_LIBRARY = Path(__file__).parent / "library"
_SHAPE = Shape(Product, "a product file")


def load_product(product: str | Path) -> Product:
    """Read and check a product.

    Parameters
    ----------
    product
        The name of a product that comes with the package (``"opzelura"``, in any case), or the path of a product file.

    Raises
    ------
    ProductError
        If the file is wrong: all its faults, each with its line, what was found and what would be right. A product
        whose criteria exclude everyone is wrong.
    UsageError
        If there is no such product and no such file.

    Examples
    --------
    >>> load_product("opzelura").first_approved.isoformat()
    '2021-09-21'
    """
    path = product_path(product)
    return read_product(text_of(path, file=_SHAPE.file, error=ProductError), path.name)


def read_product(text: str, name: str = "product.toml") -> Product:
    """Read and check the text of a product file; `name` is how faults speak of it."""
    data = parsed(text, name, error=ProductError)
    found, product = _validated(data)
    found += check(data)
    if found or product is None:
        raise ProductError(faults(found, text, name))
    return product


def products() -> list[str]:
    """The names of the products that come with the package."""
    return sorted(path.stem for path in _LIBRARY.glob("*.toml"))


def product_path(product: str | Path) -> Path:
    """The file of a product, given by name or by path.

    Raises
    ------
    UsageError
        If there is none.
    """
    path = Path(product)
    if path.is_file():
        return path
    names = products()
    if isinstance(product, Path) or path.suffix == ".toml" or len(path.parts) > 1:
        raise UsageError(f"there is no product file {str(product)!r}. Products of the package: {', '.join(names)}.")
    if product.lower() not in names:
        raise UsageError(f"{product!r} is no product of the package. {nearest(product, names)}")
    return _LIBRARY / f"{product.lower()}.toml"


def _validated(data: dict[str, Any]) -> tuple[list[Problem], Product | None]:
    """What the model finds wrong. Through JSON, where strict means no guessing: "2" is no number, true is no 1."""
    try:
        return [], Product.model_validate_json(json.dumps(data, default=str), strict=True)
    except ValidationError as error:
        return problems(error.errors(include_url=False), data, _SHAPE), None

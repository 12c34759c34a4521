"""define.xml: what data sets hold, written by Define-XML 2.1 and read of any version (docs/define.md)."""

from pivotal.records.define.model import (
    CodeItem,
    CodeList,
    Condition,
    Define,
    Defined,
    Origin,
    Standard,
    ValueLevel,
    Variable,
)
from pivotal.records.define.reading import open_define, read_define
from pivotal.records.define.recipes import from_recipes
from pivotal.records.define.rules import check_define
from pivotal.records.define.writing import write_define

__all__ = [
    "CodeItem",
    "CodeList",
    "Condition",
    "Define",
    "Defined",
    "Origin",
    "Standard",
    "ValueLevel",
    "Variable",
    "check_define",
    "from_recipes",
    "open_define",
    "read_define",
    "write_define",
]

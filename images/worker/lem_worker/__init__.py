"""lem's worker: loads one inference engine and speaks the wire protocol. Standard library only, engines apart."""

__version__ = "0.1.0"

PROTOCOL = "lem/wire/1"

"""The kinds of wording a language's patterns tell apart."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

Alternatives = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Patterns:
    """One language's patterns: regular expressions over a sentence, case ignored.

    In them <VERBS> stands for the verbs of tasks and <ADVERBS> for what may come before these. The
    groups `task` and `task2` hold what is to be done, where the language puts it in one piece.

    decision: says by itself that something is decided. suggestion: "let's …", a decision if nobody
    minds. proposal_taken: a plan, a decision after a word of agreement. not_decision: spoils the
    three. commitment: the speaker takes a task. request: somebody is asked to. order: told to.
    obligation: somebody, unnamed, has to. third_person: a task for the person named before it.
    not_task: looks like a task but is a way of talking. accepts: yes to what was asked. agrees:
    yes to what was proposed. defers: an answer that gives none. open_point: a question put as a
    statement. proposes: a proposal put as a question. plan: something that might be done. topic:
    opens the next subject. weight: says itself that it matters. managing: about the meeting, not
    its subject. agreement: a word that closes a discussion. chat: words of give and take that
    nobody writes in a book.
    """

    verbs: Alternatives = ()
    adverbs: Alternatives = ()
    decision: Alternatives = ()
    suggestion: Alternatives = ()
    proposal_taken: Alternatives = ()
    not_decision: Alternatives = ()
    commitment: Alternatives = ()
    request: Alternatives = ()
    order: Alternatives = ()
    obligation: Alternatives = ()
    third_person: Alternatives = ()
    not_task: Alternatives = ()
    accepts: Alternatives = ()
    agrees: Alternatives = ()
    defers: Alternatives = ()
    open_point: Alternatives = ()
    proposes: Alternatives = ()
    plan: Alternatives = ()
    topic: Alternatives = ()
    weight: Alternatives = ()
    managing: Alternatives = ()
    agreement: Alternatives = ()
    chat: Alternatives = ()

    def compiled(self) -> dict[str, re.Pattern[str]]:
        """The patterns that are there, by name."""
        verbs, adverbs = f"(?:{'|'.join(self.verbs)})", "|".join(self.adverbs)
        found = {}
        for field in fields(self):
            alternatives = getattr(self, field.name)
            if alternatives and field.name not in ("verbs", "adverbs"):
                source = "|".join(alternatives)
                source = source.replace("<VERBS>", verbs).replace("<ADVERBS>", adverbs)
                found[field.name] = re.compile(source, re.IGNORECASE)
        return found

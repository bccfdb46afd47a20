"""How people decide, promise, ask and put off in German."""

from __future__ import annotations

from stages.summarization.patterns.pattern import Patterns

GERMAN = Patterns(
    decision=(
        r"\bwir (?:haben|hatten) (?:\w+ ){0,4}(?:beschlossen|entschieden|vereinbart)\b",
        r"\bdann (?:machen|nehmen|bleiben|verschieben|behalten|streichen) wir\b",
        r"\bmachen wir (?:das )?so\b",
        r"\b(?:ist|wird) (?:damit |hiermit |so )?(?:beschlossen|entschieden|abgemacht)\b",
        r"\bwir einigen uns auf\b",
        r"\bwir (?:nehmen|bleiben bei|entscheiden uns für)\b",
    ),
    commitment=(
        r"\bich (?:kümmere mich|schicke|schreibe|erledige|übernehme|prüfe|kläre|bereite"
        r"|mache (?:das|die|den)|rufe|organisiere|bestelle|frage (?!mich)|teste|baue"
        r"|erstelle|aktualisiere|werde (?:\w+ ){1,9}(?:schicken|schreiben|prüfen|klären"
        r"|vorbereiten|erstellen|machen|anrufen|testen|bestellen|organisieren|fragen"
        r"|kümmern))\b",
    ),
    request=(
        r"\b(?:kannst|könntest) du (?:\w+ ){1,12}(?:schicken|schreiben|prüfen|klären"
        r"|vorbereiten|erstellen|machen|anrufen|testen|bestellen|organisieren|fragen"
        r"|kümmern|aktualisieren|übernehmen)\b",
        r"\b(?:können|könnten) Sie (?:\w+ ){1,12}(?:schicken|schreiben|prüfen|klären"
        r"|vorbereiten|erstellen|testen)\b",
    ),
    not_task=(
        r"^(?:wenn|falls)\b",
        r"\bwürde\b",
    ),
    not_decision=(
        r"\?\s*$",
        r"\bwenn wir\b",
        r"\bob wir\b",
        r"\bnoch nicht\b",
        r"\bnicht (?:beschlossen|entschieden)",
    ),
    accepts=(
        r"^(?:ja|klar|okay|ok|gerne|gern|mache ich|mach ich|kein problem|einverstanden"
        r"|genau|natürlich)\b(?!.*\baber\b)",
    ),
    defers=(
        r"\bweiß (?:ich|ich auch) (?:noch )?nicht",
        r"\bich weiß (?:es )?nicht",
        r"\bkeine ahnung",
        r"\bgute frage",
        r"\bnicht sicher",
        r"\b(?:muss|müssen) (?:ich|wir) (?:noch )?(?:klären|nachfragen|nachsehen|prüfen)",
        r"\bunklar\b",
    ),
    topic=(
        r"^(?:(?:okay|gut|so|also|dann|ja)\b[,.]? )*(?:(?:der )?nächste[rs]? (?:punkt"
        r"|thema)|kommen wir zu|weiter (?:geht|mit)|als nächstes|letzter punkt)",
    ),
    weight=(
        r"\b(?:wichtig|problem|grund|weil|ziel|kosten|budget|risiko|ergebnis|vorschlag|plan"
        r"|fertig|deadline)\b",
    ),
    managing=(
        r"\b(?:hört ihr|hören sie mich|bildschirm teilen|guten (?:morgen|tag)|tschüss|bis "
        r"dann|willkommen)\b",
    ),
    agreement=(r"^(?:okay|ok|gut|alles klar|einverstanden|ja|genau|dann)\b",),
    chat=(r"\b(?:ja|genau|okay|äh|ähm|also|halt|mal|eben|gut|klar|ne)\b",),
)

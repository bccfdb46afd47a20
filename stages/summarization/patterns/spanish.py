"""How people decide, promise, ask and put off in Spanish."""

from __future__ import annotations

from stages.summarization.patterns.pattern import Patterns

SPANISH = Patterns(
    decision=(
        r"\b(?:hemos (?:decidido|acordado)|decidimos|acordamos|queda (?:decidido"
        r"|acordado))\b",
        r"\bvamos a (?:quedarnos|ir) con\b",
        r"\bnos quedamos con\b",
        r"\bla decisión es\b",
    ),
    commitment=(
        r"\b(?:yo )?(?:voy a (?:\w+ ){0,2}(?:enviar|preparar|escribir|revisar|llamar|hacer"
        r"|preguntar|organizar|contactar|probar|corregir|mandar)|me encargo|me ocupo|te "
        r"(?:envío|mando)|lo hago yo)\b",
    ),
    request=(
        r"\b(?:puedes|podrías|puede|podría) (?:\w+ ){0,3}(?:enviar|enviarme|preparar"
        r"|escribir|revisar|llamar|hacer|preguntar|organizar|contactar|probar|corregir"
        r"|mandar|mandarme)\b",
    ),
    not_task=(r"^si\b",),
    not_decision=(
        r"\?\s*$",
        r"\bsi (?:hemos|decidimos)\b",
        r"\btodavía no\b",
        r"\baún no\b",
    ),
    accepts=(
        r"^(?:sí|vale|claro|de acuerdo|por supuesto|ok|sin problema"
        r"|perfecto)\b(?!.*\bpero\b)",
    ),
    defers=(
        r"\bno (?:lo )?(?:sé|sabemos)\b",
        r"\bni idea",
        r"\bbuena pregunta",
        r"\bno est(?:oy|á) (?:seguro|segura|claro)",
        r"\b(?:hay|tengo|tenemos) que (?:preguntar|mirar|comprobar)",
    ),
    topic=(
        r"^(?:(?:vale|bueno|bien|ok|pues)\b[,.]? )*(?:(?:el )?siguiente (?:punto|tema)"
        r"|pasamos a|pasemos a|último (?:punto|tema))",
    ),
    weight=(
        r"\b(?:importante|problema|razón|porque|objetivo|costes?|presupuesto|riesgo"
        r"|resultado|propuesta|plan)\b",
    ),
    managing=(
        r"\b(?:me o[íi]s|me escuch|buenos días|buenas tardes|hasta luego|compartir (?:mi "
        r")?pantalla|bienvenid)\b",
    ),
    agreement=(r"^(?:vale|ok|de acuerdo|bien|perfecto|sí|claro|muy bien)\b",),
    chat=(r"\b(?:vale|sí|eh|bueno|pues|claro|ok|bien)\b",),
)

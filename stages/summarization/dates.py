"""The words in which a sentence says when something is due, as they were said.

No date is computed: "by Friday" stays "by Friday", for what day that was depends on the calendar of
the people, not on the recording.
"""

from __future__ import annotations

import re
from functools import cache

_EN_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_EN_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
)
_EN_NUMBER = (
    r"(?:\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen|twenty|thirty|"
    r"a couple of|a few)"
)
_EN_UNIT = r"(?:minutes?|hours?|days?|weeks?|months?|quarters?|years?|sprints?|meetings?)"
_EN_ORDINAL = (
    r"(?:\d{1,2}(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|"
    r"eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|"
    r"twentieth|twenty[- ]\w+|thirtieth|thirty[- ]first)"
)
_EN_PART = r"(?: (?:morning|noon|afternoon|evening|night))?"
_EN_BY = r"(?:by|before|until|till|no later than|not later than)"
_ZH_DAY = r"(?:[这本下]{0,2}(?:周|星期|礼拜)[一二三四五六日天末])"
_ZH_NUMBER = r"[一二两三四五六七八九十\d]+"

_DUE = {
    "en": "|".join(
        (
            rf"\b(?:(?:{_EN_BY}|at|around|towards?) )?(?:the )?(?:end|beginning|middle|start) of "
            rf"(?:the |this |next )?(?:day|week|month|quarter|year|sprint|{_EN_MONTH}|q[1-4])\b",
            rf"\b(?:{_EN_BY}|on|for) (?:this |next |the |coming )*{_EN_DAY}{_EN_PART}\b",
            rf"\b(?:this|next|coming) {_EN_DAY}{_EN_PART}\b",
            rf"\b{_EN_DAY}{_EN_PART}(?=\s*(?:[,.;!?]|$| and | at the latest))",
            rf"\b(?:{_EN_BY}|on) {_EN_MONTH} (?:the )?"
            rf"(?:\d{{1,2}}(?:st|nd|rd|th)?|{_EN_ORDINAL})\b",
            rf"\b(?:{_EN_BY}|on) (?:the )?{_EN_ORDINAL}(?: of {_EN_MONTH})?\b",
            rf"\b(?:{_EN_BY}|in|early|mid|late) (?:early |mid |late |next )?{_EN_MONTH}\b",
            rf"\b(?:{_EN_BY} )?(?:tomorrow|tonight|today){_EN_PART}\b",
            rf"\b(?:{_EN_BY} |in |over |for )?(?:the )?(?:this|next|coming|following) "
            rf"(?:{_EN_NUMBER} )?"
            rf"(?:morning|afternoon|evening|weekend|{_EN_UNIT})\b",
            rf"\b(?:{_EN_BY} |in |over |for )the (?:next|coming|following) (?:{_EN_NUMBER} )?"
            rf"(?:weekend|{_EN_UNIT}|\w+ (?:round|meeting|sprint))\b",
            rf"\b(?:in|within) (?:the next )?{_EN_NUMBER} {_EN_UNIT}\b",
            r"\bas soon as (?:possible|[\w' ]{3,40})",
            r"\b(?:asap|right away|straight away|immediately)\b",
            r"\b(?:before|after|until|by|once|when) (?:the|our|we|you|i|he|she|they)\b(?:'\w+)? "
            r"(?:[\w']+ ?){1,5}(?=[,.;!?]|$)",
        )
    ),
    "zh": "|".join(
        (
            rf"(?:{_ZH_DAY}|[下这本]个?(?:周|星期|月|季度)|今天|明天|后天|今晚|明晚|"
            r"月底|年底|季度末|周末|"
            rf"{_ZH_NUMBER}月(?:{_ZH_NUMBER}[号日]|底|初|中旬)?|{_ZH_NUMBER}[号日])"
            r"(?:早上|上午|中午|下午|晚上)?(?:之前|以前|前|以内|之内|内)?",
            rf"{_ZH_NUMBER}(?:天|周|个星期|个月|个工作日)(?:之内|以内|内|之后|后)",
            r"尽快|马上|立刻|(?:开始|上线|发布|开会|会议)(?:之前|前)",
        )
    ),
    "de": r"\b(?:bis (?:zum |zur |ende |anfang |mitte )*(?:nächste[nr]? |kommende[nr]? "
    r"|\d{1,2}\. ?)?\w+"
    r"|(?:am|vor) (?:nächsten |kommenden )?(?:montag|dienstag|mittwoch|donnerstag|freitag"
    r"|samstag|sonntag)"
    r"|heute|morgen (?:früh|nachmittag)?|übermorgen|(?:nächste|kommende|diese) woche|(?:nächsten"
    r"|diesen) monat"
    r"|ende (?:der woche|des monats)|in (?:einer|zwei|drei|vier) wochen?|so bald wie möglich)\b",
    "fr": r"\b(?:(?:d'ici |avant |pour )(?:la fin d[eu] |le |l[ae] )?(?:\w+)(?: prochaine?)?"
    r"|(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)(?: prochain)?|demain(?: matin| "
    r"soir)?"
    r"|aujourd'hui|cette semaine|la semaine prochaine|le mois prochain|dès que possible|fin du "
    r"mois)\b",
    "es": r"\b(?:(?:antes del?|para el|hasta el) (?:próximo )?\w+|(?:el )?(?:lunes|martes"
    r"|miércoles|jueves|viernes"
    r"|sábado|domingo)(?: que viene)?|mañana|hoy|esta semana|la (?:próxima semana|semana que viene)"
    r"|el (?:próximo mes|mes que viene)|lo antes posible|a finales de (?:mes|año|\w+))\b",
}


@cache
def _pattern(language: str) -> re.Pattern[str] | None:
    source = _DUE.get(language)
    return re.compile(source, re.IGNORECASE) if source else None


def due(text: str, language: str) -> str | None:
    """The words of `text` that say when, or None; the first where there are several."""
    pattern = _pattern(language)
    found = pattern.search(text.replace("’", "'")) if pattern else None
    return found.group(0).strip(" ,.;!?") if found else None

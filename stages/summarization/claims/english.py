"""What marks sense in English."""

from __future__ import annotations

import re

from stages.summarization.claims.vocabulary import Vocabulary, related, stems

_SUGGESTING = re.compile(
    r"\b(?:could|should|would|let's|why don't|why not|suggest|suggestion|propos\w*|recommend\w*"
    r"|maybe|perhaps|what about|how about|better|rather|might|idea|i'd)\b"
)
_WANTING = re.compile(
    r"\b(?:want\w*|like|rather|prefer|wish|hope|hoping|need|love|should|ask\w*)\b"
)
_NEEDING = re.compile(
    r"\b(?:need|needs|needed|must|has to|have to|should|required?|got to|gotta)\b"
)
_ASKING = re.compile(r"\?|\bi(?:'d like to)? ask|\bi wonder|\bplease\b|\bcan you|\bcould you")
_GROUP = re.compile(r"\b(?:we|us|our|ours|let's|team|group)\b|'re all\b")

ENGLISH = Vocabulary(
    spaced=True,
    reporting=stems(
        "say report mention note explain state describe point tell suggest propose recommend ask "
        "wonder think believe feel want prefer need speaker team group participant remark "
        "currently",
        "en",
    ),
    licences={
        **dict.fromkeys(stems("suggest propose recommend", "en"), _SUGGESTING),
        **dict.fromkeys(stems("want prefer", "en"), _WANTING),
        **dict.fromkeys(stems("need", "en"), _NEEDING),
        **dict.fromkeys(stems("ask wonder", "en"), _ASKING),
        **dict.fromkeys(stems("team group", "en"), _GROUP),
        **dict.fromkeys(
            stems("feel think believe", "en"), re.compile(r"\b(?:i|we)\b|\b(?:think|feel|believe)")
        ),
    },
    says=re.compile(
        r"\s+(?:also |then |further )?(?P<verb>said|says|reported|reports|mentioned|mentions"
        r"|noted|notes|explained|explains|stated|states|described|pointed|points|suggested"
        r"|suggests|proposed|proposes|recommended|recommends|asked|asks|wondered|wonders|told"
        r"|remarked)\b(?P<that> that\b)?",
        re.IGNORECASE,
    ),
    group=re.compile(r"\bthe (?:team|group)\b", re.IGNORECASE),
    relations=related(
        "because cause since due reason as",
        "before",
        "after once when",
        "until till unless",
        "only just",
        "all every everybody everyone everything each always whole",
        "most mostly",
        "more",
        "less fewer",
        "without",
        "except",
        "instead rather",
        "although though but however despite while",
        "again",
        "both two",
        "already",
        "almost nearly",
        "still yet",
        "never",
        "nobody none no",
        "everywhere",
        "per",
        "against",
        "between",
        "under below",
        "over above",
        "several many lot lots",
    ),
    personal=frozenset(
        "i i'm i'll i've i'd me my mine myself you your yours you're you'll we we're we've we'll "
        "we'd us our ours let's lets".split()
    ),
    calendar=frozenset(
        "monday tuesday wednesday thursday friday saturday sunday january february march april "
        "june july august september october november december today tomorrow yesterday tonight "
        "weekend christmas easter spring summer autumn winter morning afternoon evening noon "
        "midnight".split()
    ),
    qualifier=re.compile(
        r"\b(?:about|around|roughly|almost|nearly|approximately|at least|at most|up to|more than"
        r"|less than|over|under|maybe|probably|close to|some|only|just|fewer than|between|or"
        r"|like)\b",
        re.IGNORECASE,
    ),
    quantity=re.compile(
        r"\b(?:most|some|half|few|several|only|hardly|nearly|almost|roughly|sometimes|often"
        r"|usually|mostly|about|around|at least|at most|up to|more than|less than|part|a third"
        r"|a quarter|many)\b(?P<of>(?: [\w'-]+){1,4})"
    ),
    quantifiers=re.compile(
        r"\b(?:most|some|half|few|several|only|hardly|nearly|almost|roughly|sometimes|often"
        r"|usually|mostly|about|around|at least|at most|up to|more than|less than|part|third"
        r"|quarter|many|approximately|just)\b"
    ),
    negation=re.compile(
        r"n't\b|\b(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|hardly|barely"
        r"|unable|lack\w*|missing)\b"
    ),
    future=re.compile(r"\b(?:will|shall|won't)\b|'ll\b|\b(?:going to|gonna|about to)\b"),
    intent=re.compile(r"\b(?:plan\w*|to|let's|should|must|would|could|next|can)\b"),
    # "like", "if" and "whether" count as doubt kept, for a report may word it so.
    doubt=re.compile(
        r"\b(?:might|may|maybe|could|would|should|perhaps|probably|possibly|guess|suppose|think"
        r"|believe|thinks|believes|thought|suggest\w*|propos(?:e|es|ed|ing)|recommend\w*|rather"
        r"|prefer\w*|estimat\w*|seem\w*|likely|sure|unsure|wonder\w*|expect\w*|hope\w*|want\w*"
        r"|like to|whether|if|claims?|according|felt|feels?|feel)\b|'d\b"
    ),
    proposal=re.compile(r"\b(?:proposals?|suggestions?|ideas?|options?)\b"),
    suggestion=re.compile(r"\b(?:let's|let us|shall we)\b"),
    suggests=re.compile(
        r"\b(?:(?:suggest|propos|recommend)(?:s|ed|es|ing)|should|could|might|may|would)\b"
    ),
    condition=re.compile(
        r"\b(?:if|unless|in case|provided|as long as|as soon as|depend\w*|when|once|until|till"
        r"|before|except|(?:let's )?say (?:you|we|i|a|that)|suppose|imagine)\b"
    ),
    asking=re.compile(r"\b(?:ask\w*|wonder\w*|whether|question\w*|if)\b|\?"),
    past=re.compile(r"\b(?:was|were|had|did|wasn't|weren't|hadn't|didn't)\b"),
    past_said=re.compile(
        r"\b(?:was|were|had|did|been|wasn't|weren't|hadn't|didn't|went|got|came|made|took|said"
        r"|told|gave|saw|found|thought|lost|left|sent|built|bought|brought|kept|held|met|paid|ran"
        r"|sold|spent|wrote|chose|broke|fell|grew|knew|rose|began|became|felt|heard|led|meant"
        r"|stood|understood|won|\w{2,}ed)\b|'d\b"
    ),
    others_said=re.compile(
        r"\b(?:they|he|she|people|customers|users|clients|somebody|someone|everybody|nobody) "
        r"(?:also )?(?:said|say|says|told|asked|think|thinks|thought|believe|believes|claim|claims"
        r"|claimed|want|wants|wanted)\b"
    ),
    first_person=re.compile(r"\b(?:I(?=[\s'’])|My (?=suggestion|proposal|recommendation))"),
    reach=2,
    acting_group=re.compile(r"\bwe\b"),
    persons=re.compile(
        r"\b(?:(?P<i>i|i'm|i'll|i've|i'd|me|my|mine|myself)"
        r"|(?P<we>we|we're|we've|we'll|we'd|us|our|ours|let's)"
        r"|(?P<they>they|they're|they've|they'll|they'd|them|their|theirs|themselves)"
        r"|(?P<he>he|he's|he'll|he'd|him|his|himself)|(?P<she>she|she's|she'll|she'd|her|hers)"
        r"|(?P<you>you|you're|you'll|your|yours))\b(?!')"
    ),
    passive=frozenset("be been being is are was were".split()),
    joints=re.compile(r"[,;:.]|\b(?:and|but|which|while|so|because)\b"),
)

"""How people decide, promise, ask and put off in English."""

from __future__ import annotations

from stages.summarization.patterns.pattern import Patterns

ENGLISH = Patterns(
    verbs=(
        r"add|adjust|announce|apply|approach|arrange|ask|assign|attach|book|bring|build|buy"
        r"|calculate|call|cancel|change|chase|check|circulate|clarify|clean|close|collect"
        r"|come back to|compare|compile|configure|confirm|contact|coordinate|copy|correct"
        r"|create|cut|delete|deliver|deploy|design|distribute|do|document|double[- ]check"
        r"|draft|draw up|edit|email|e-mail|escalate|estimate|evaluate|extend|figure out"
        r"|file|fill|find|finish|fix|follow up|forward|gather|get|give|handle"
        r"|have (?:it|them|that|this|[\w ]{1,30}) (?:ready|done|finished|by)|implement"
        r"|inform|install|integrate|investigate|invite|launch|let \w+ know|look (?:at|into"
        r"|up|for)|mail|make|measure|meet|merge|message|migrate|monitor|move|negotiate"
        r"|notify|open|order|organi[sz]e|outline|pass|pay|phone|pick|ping|plan|post|prepare"
        r"|present|print|produce|propose|publish|pull|push|put|raise|reach out|read|rebuild"
        r"|record|redo|register|release|remind|remove|rename|renew|repair|replace|reply"
        r"|report|request|rerun|research|reserve|resend|resolve|respond|restore|review"
        r"|revise|rewrite|roll|run|schedule|send|set|sort|speak (?:to|with)|specify|split"
        r"|start|submit|summari[sz]e|switch|take|talk (?:to|with)|tell|test|track|train"
        r"|transfer|translate|try|turn|type|update|upgrade|upload|validate|verify|visit"
        r"|work (?:on|out)|wrap up|write",
    ),
    adverbs=(
        r"(?:(?:also|then|just|quickly|definitely|personally|please|maybe|perhaps|still"
        r"|kindly|possibly|probably|simply|try to|try and|go ahead and|go and|make sure "
        r"(?:to|that))\s+)*",
    ),
    decision=(
        r"\blet's not (?!forget|worry|get|talk|go|start|jump|rush|waste|kid)\w+",
        r"\blet's say we (?:go (?:for|with)|use|take|keep|do)\b",
        r"\bwe(?:'ve| have)?(?: all)? (?:decided|agreed) (?:on|to|that|not|against)\b",
        r"\b(?:it's|it is|that's|that is|has been) (?:now |then )?(?:decided|agreed"
        r"|settled)\b",
        r"\bwe(?:'ll| will|'re going to| are going to) (?:go|stick) with\b",
        r"\bwe(?:'re| are) going with\b",
        r"\bthe decision is (?:to|that)\b",
        r"^(?:(?:okay|so|then|well|right|good|fine|alright|yes)\b,? )*no [\w' -]+ for now\b",
    ),
    suggestion=(
        r"^(?:(?:okay|so|then|no|well|right|good|fine|alright|yes)\b,? )*let's "
        r"(?:just |all |first |quickly |maybe |not )*(?!(?:just|see|look|say|start|begin|move on"
        r"|move to the|go (?:back|on|through|ahead|over|around|home)|talk|discuss|continue|hear"
        r"|take (?:a|an|the|this|that|another) (?:[\w-]+ )?(?:look|break|step|minute|second|moment"
        r"|example|case|question|guess)|keep (?:that|it|this|going)|get|think|hope|face|assume"
        r"|suppose|imagine|call it|finish|end|close|wrap|pause|jump|turn|return|come back|check"
        r"|have|be|recap|review|stop here|leave|wait and|you|them|him|her|us|me|it|eat|listen"
        r"|read|pretend|play|dance|sing|forget|begone|fly|hurry|drink|do (?:a|an|some) )\b)\w+",
        r"^(?:okay|right|alright|fine|good)[,.]? so no [\w' -]{3,40}[.!]?$",
    ),
    proposal_taken=(
        r"^(?:(?:okay|ok|alright|good|great|fine|right|perfect|so|then|yes)\b[,.]? )*(?:so "
        r"|then )?we(?:'ll| will|'re going to| are going to)? (?!(?:ask|see"
        r"|find|check|look|talk|tell|speak|discuss|meet|try|come back|get|do|take a)\b)"
        r"(?:<VERBS>|keep|drop|ship|use|stay|skip|postpone|cancel|hire"
        r"|offer|adopt|freeze|meet|delay|shut|stop|limit|reduce|increase|hold)\b",
    ),
    commitment=(
        r"\bI(?:'ll| will|'m going to| am going to|'m gonna| can) "
        r"<ADVERBS>(?P<task><VERBS>\b.*)",
    ),
    request=(
        r"\b(?:can|could|would|will) you (?:guys |all |both )?<ADVERBS>(?P<task><VERBS>\b.*)",
    ),
    order=(
        r"^(?:[A-Z]\w+, )?(?:(?:and|so|then|also|but|okay|good|yes|no),? )*(?:then )?please "
        r"(?:also )?(?P<task>(?:make sure|<VERBS>)\b.*)",
    ),
    obligation=(
        r"\b(?:somebody|someone|one of us) (?:has to|needs to|should|must|will have to) "
        r"<ADVERBS>(?P<task><VERBS>\b.*)",
        r"\bwe (?:also |still |really |just )*(?:need to|have to|must|should|'ll have to"
        r"|will have to) <ADVERBS>(?P<task2><VERBS>\b.*)",
    ),
    third_person=(
        r" (?:will|'ll|should|has to|needs to|is going to|must) "
        r"<ADVERBS>(?P<task><VERBS>\b.*)",
    ),
    not_task=(
        r"\b(?:share (?:my|your|the) screen|tell (?:you|me|us|thee)\b(?!.*\b(?:by|when"
        r"|tomorrow|next))|give (?:you|me|us) (?:a|an) (?:example|idea|overview|minute"
        r"|second|moment|hint)|do my best|make it (?:short|quick)|take (?:that|it) (?:as"
        r"|back)\b|put it (?:this|that|another) way|put it differently|come back to (?:that"
        r"|this|it)\b(?!.*\b(?:tomorrow|next|by)\b)|take (?:that|it)[.!]?$"
        r"|on the (?:board|whiteboard|flipchart|screen)\b|rest of my life"
        r"|(?:pass|give|hand) me (?:the|a)\b|do without|read (?:it|this|that|them)? "
        r"?(?:out|aloud)|start (?:with|by|off|from|over)|run (?:you )?through|check my\b"
        r"|call it\b|take (?:a|the) (?:look|guess|bet|minute|break|bus|train)|try (?:to "
        r")?(?:explain|be|remember|understand|describe|imagine)|ask you|pass (?:it )?on to"
        r"|pass (?:you )?over|go first|get it\b|get (?:to (?:that|it|this)|there|into that"
        r"|used|a (?:coffee|drink|word))|get back to (?:that|this)\b|speak up|turn (?:it"
        r"|that)? ?(?:on|off|up|down|around) (?:now|please)|turn to\b|take you|make (?:it"
        r"|you|sense|a (?:note|guess|point))|do you|do anything|do nothing|find (?:it "
        r")?(?:hard|difficult|easy)|try again|set (?:out|off)|report that\b)",
        r"^(?:if|when|unless|suppose)\b",
        r"\b(?:said|told|thought|wondered|wish|asked if)\b.*\bI\b",
        r"\b(?:not|never|usually|always|often|sometimes) (?:be )?\w+$",
    ),
    not_decision=(
        r"\?\s*$",
        r"\b(?:what|how) about\b",
        r"\bif we\b",
        r"\bwhether\b",
        r"\b(?:haven't|hasn't|not yet|never|what (?:was|we)|can't|couldn't|before we|until "
        r"we|when we|he|she|they) (?:\w+ )?(?:decided|agreed)",
    ),
    accepts=(
        r"^(?:(?:oh|um|uh|well|okay|ok|and|so),? )*(?:yes|yeah|yep|sure|ok|okay|of course"
        r"|no problem|will do|absolutely|alright|all right|can do|i will|i can do|i'll"
        r"|definitely|certainly|happy to|got it|on it|fine)\b(?!.*\bbut\b)",
    ),
    agrees=(
        r"^(?:(?:oh|um|uh|well|okay|ok|and|so),? )*(?:agreed|fine|sounds good|i agree|good idea"
        r"|perfect|great|exactly|right|works for me|makes sense|thank god|brilliant|cool|please do)"
        r"\b(?!.*\bbut\b)",
    ),
    defers=(
        r"\b(?:i|we|nobody) (?:\w+ )?(?:don't|do not|doesn't|didn't) (?:really |actually "
        r"|yet )?know",
        r"\bno idea\b",
        r"\b(?:not|isn't) (?:really |quite |entirely )?(?:sure|clear)\b",
        r"\bunclear\b",
        r"\boff the top of my head\b",
        r"\bhard to say\b",
        r"\b(?:have|need|'d have) to (?:ask|check|find out|look (?:it|that) up)",
        r"\blet me (?:check|find out)",
        r"\bi'll (?:have to )?(?:check|find out|ask)\b",
        r"\bremains to be seen",
        r"\bnobody knows",
        r"\bno one knows",
        r"\bwe'll see\b",
        r"\bwe'll have to see\b",
    ),
    open_point=(
        r"\b(?:the|an|one) open (?:question|point|issue) is\b",
        r"\bwe (?:still )?(?:don't|do not) know (?:yet )?(?:if|whether|who|how|when|what"
        r"|why|where)\b",
        r"\bit(?:'s| is) (?:still )?(?:unclear|not clear|open) (?:if|whether|who|how|when"
        r"|what|why|where)\b",
    ),
    proposes=(
        r"\b(?:what|how) about\b",
        r"\bwhy don't (?:we|you|i)\b",
        r"\bshall we\b",
    ),
    plan=(
        r"\b(?:could|should|would|suggest\w*|propos\w*|option|idea|shall|might|needs?|want to"
        r"|have to|rather|prefer|who|can|missing)\b",
    ),
    topic=(
        r"^(?:(?:okay|ok|right|alright|all right|so|now|good|great|fine|well|and|then"
        r"|perfect|cool)\b[,.]? )*(?:(?:the )?(?:next|last|second|third|final|other) "
        r"(?:topic|item|point|thing|one|question|agenda)\b|(?:let's |we (?:can |should "
        r")?)?(?:move|moving|go) on\b|let's (?:talk|go|turn|look|start|begin|move)\b|(?:one"
        r"|another) (?:more|last|other)? ?(?:topic|point|item|thing)\b|now,|on to\b|coming "
        r"to\b)",
        r"^(?:okay|right|alright|good|fine|now)[.,] \w[\w' -]{2,40}\.$",
    ),
    weight=(
        r"\b(?:important|main|problem|issue|risk|critical|because|reason|cause[ds]?|result"
        r"|biggest|most|means?|suggest(?:ion|ed)?|propos(?:e|al)|recommend|plan(?:ned)?"
        r"|deadline|budget|cost|target|goal|key|blocked|fixed|failed|finished|shipped"
        r"|released|increased?|dropped|found|need)\b",
    ),
    managing=(
        r"\b(?:hear me|see my screen|share my screen|on mute|unmute|making the time"
        r"|anything else|see you\b|thank(?:s| you) (?:all|everybody|everyone|very much|for)"
        r"|good (?:morning|afternoon|evening)|nice weekend|talk about \w+ (?:first|later"
        r"|next)|agenda|walk us through|next (?:topic|item|one)|last topic|moving on|let's "
        r"start|i'm done|that's it|bye|welcome|go through)\b",
    ),
    agreement=(
        r"^(?:okay|ok|alright|all right|good|great|fine|perfect|right|excellent|yes|agreed"
        r"|so|then)\b",
    ),
    chat=(
        r"\b(?:okay|ok|yeah|yep|um|uh|alright|hmm|mm|mhm|mm-hmm|right|gonna|basically"
        r"|actually|guys|sure|thanks|great|cool|anyway|sorry|hello|hi)\b",
    ),
)

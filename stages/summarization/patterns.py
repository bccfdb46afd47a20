"""What people say when they decide, promise, ask for something or put it off, by language.

Each entry of PATTERNS is a regular expression over one sentence, case ignored. `task` captures what
is to be done where the language puts it in one piece; elsewhere the whole sentence is the task.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Patterns:
    """One language's patterns; an empty string matches nothing.

    decision: it says by itself that something is decided. suggestion: "let's …", a decision if nobody
    minds. proposal_taken: a plan that is a decision
    when it follows a word of agreement. commitment: the speaker takes a task. request: somebody is
    asked to. order: told to. obligation: somebody, unnamed, has to. third_person: a task for the
    person before it. not_task: looks like a task but is part of talking. accepts: yes to the sentence
    before. defers: an answer that gives none. open_point: a question put as a statement.
    proposes: a proposal put as a question.
    topic: opens the next subject. weight: says itself that it matters. managing: about the meeting,
    not its subject. agreement: a word that closes a discussion.
    """

    decision: str = ""
    suggestion: str = ""
    proposal_taken: str = ""
    commitment: str = ""
    request: str = ""
    order: str = ""
    obligation: str = ""
    third_person: str = ""
    not_task: str = ""
    not_decision: str = ""
    accepts: str = ""
    defers: str = ""
    open_point: str = ""
    proposes: str = ""
    topic: str = ""
    weight: str = ""
    managing: str = ""
    agreement: str = ""
    chat: str = ""

    def compiled(self) -> dict[str, re.Pattern[str]]:
        """The patterns that are there, by name."""
        sources = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: re.compile(source, re.IGNORECASE) for name, source in sources.items() if source}


_EN_TASKS = (
    r"(?:add|adjust|announce|apply|approach|arrange|ask|assign|attach|book|bring|build|buy|calculate|"
    r"call|cancel|change|chase|check|circulate|clarify|clean|close|collect|come back to|compare|"
    r"compile|configure|confirm|contact|coordinate|copy|correct|create|cut|delete|deliver|deploy|"
    r"design|distribute|do|document|double[- ]check|draft|draw up|edit|email|e-mail|escalate|estimate|"
    r"evaluate|extend|figure out|file|fill|find|finish|fix|follow up|forward|gather|get|give|handle|"
    r"implement|inform|install|integrate|investigate|invite|launch|let \w+ know|look (?:at|into|up|for)|"
    r"mail|make|measure|meet|merge|message|migrate|monitor|move|negotiate|notify|open|order|organi[sz]e|"
    r"outline|pass|pay|phone|pick|ping|plan|post|prepare|present|print|produce|propose|publish|pull|push|"
    r"put|raise|reach out|read|rebuild|record|redo|register|release|remind|remove|rename|renew|repair|"
    r"replace|reply|report|request|rerun|research|reserve|resend|resolve|respond|restore|review|revise|"
    r"rewrite|roll|run|schedule|send|set|sort|speak (?:to|with)|specify|split|start|submit|summari[sz]e|"
    r"switch|take|talk (?:to|with)|tell|test|track|train|transfer|translate|try|turn|type|update|upgrade|upload|"
    r"validate|verify|visit|work (?:on|out)|wrap up|write)"
)
_EN_ADVERBS = (
    r"(?:(?:also|then|just|quickly|definitely|personally|please|maybe|perhaps|still|kindly|possibly|"
    r"probably|simply|try to|try and|go ahead and|go and|make sure (?:to|that))\s+)*"
)

PATTERNS: dict[str, Patterns] = {
    "en": Patterns(
        decision=r"\bwe(?:'ve| have)?(?: all)? (?:decided|agreed) (?:on|to|that|not|against)\b"
        r"|\b(?:it's|it is|that's|that is|has been) (?:now |then )?(?:decided|agreed|settled)\b"
        r"|\bwe(?:'ll| will|'re going to| are going to) (?:go|stick) with\b"
        r"|\bwe(?:'re| are) going with\b|\bthe decision is (?:to|that)\b"
        r"|^(?:(?:okay|so|then|well|right|good|fine|alright|yes)\b,? )*no [\w' -]+ for now\b",
        suggestion=r"^(?:(?:okay|so|then|no|well|right|good|fine|alright|yes)\b,? )*let's (?:not )?"
        r"(?!(?:see|look|say|start|begin|move on|move to the|go (?:back|on|through|ahead|over|around|home)|"
        r"talk|discuss|continue|hear|take a|keep (?:that|it|this|going)|get|think|hope|face|assume|"
        r"suppose|imagine|call it|finish|close|wrap|pause|jump|turn|return|come back|check|have|be|"
        r"recap|review|stop here|leave|quickly|first|wait and|you|them|him|her|us|me|it|eat|listen|"
        r"read|pretend|play|dance|sing|not forget|forget|begone|fly|hurry|drink)\b)\w+",
        proposal_taken=r"^(?:(?:okay|ok|alright|good|great|fine|right|perfect|so|then|yes)\b[,.]? )*"
        r"(?:so |then )?we(?:'ll| will|'re going to| are going to)? (?!(?:read|put|cut|set|do) "
        r"(?:it|that) last)" + _EN_TASKS[:-1] + r"|keep|drop|ship|use|stay|skip|postpone|cancel|hire|"
        r"offer|adopt|freeze|meet|delay|shut|stop|limit|reduce|increase|hold)\b",
        not_decision=r"\?\s*$|\b(?:what|how) about\b|\bif we\b|\bwhether\b|\b(?:haven't|hasn't|not yet|never|what (?:was|we)"
        r"|can't|couldn't|before we|until we|when we|he|she|they) (?:\w+ )?(?:decided|agreed)",
        commitment=r"\bI(?:'ll| will|'m going to| am going to|'m gonna| can) "
        + _EN_ADVERBS + r"(?P<task>" + _EN_TASKS + r"\b.*)",
        request=r"\b(?:can|could|would|will) you (?:guys |all |both )?" + _EN_ADVERBS
        + r"(?P<task>" + _EN_TASKS + r"\b.*)",
        order=r"^(?:[A-Z]\w+, )?(?:(?:and|so|then|also|but|okay|good|yes|no),? )*(?:then )?please "
        r"(?:also )?(?P<task>(?:make sure|" + _EN_TASKS + r")\b.*)",
        obligation=r"\b(?:somebody|someone|one of us) (?:has to|needs to|should|must|will have to) "
        + _EN_ADVERBS + r"(?P<task>" + _EN_TASKS + r"\b.*)"
        r"|\bwe (?:also |still |really |just )*(?:need to|have to|must|should|'ll have to|will have to) "
        + _EN_ADVERBS + r"(?P<task2>" + _EN_TASKS + r"\b.*)",
        third_person=r" (?:will|'ll|should|has to|needs to|is going to|must) " + _EN_ADVERBS
        + r"(?P<task>" + _EN_TASKS + r"\b.*)",
        not_task=r"\b(?:share (?:my|your|the) screen|tell (?:you|me|us|thee)\b(?!.*\b(?:by|when|tomorrow|next))"
        r"|give (?:you|me|us) (?:a|an) (?:example|idea|overview|minute|second|moment|hint)|do my best"
        r"|make it (?:short|quick)|take (?:that|it) (?:as|back)\b|put it (?:this|that|another) way"
        r"|put it differently|come back to (?:that|this|it)\b(?!.*\b(?:tomorrow|next|by)\b)|do without"
        r"|read (?:it|this|that|them)? ?(?:out|aloud)|start (?:with|by|off|from|over)|run (?:you )?through"
        r"|call it\b|take (?:a|the) (?:look|guess|bet|minute|break|bus|train)|try (?:to )?(?:explain|be|remember|"
        r"understand|describe|imagine)|ask you|pass (?:it )?on to|pass (?:you )?over|go first|get it\b"
        r"|get (?:to (?:that|it|this)|there|into that|used|a (?:coffee|drink|word))|get back to (?:that|this)\b"
        r"|speak up|turn (?:it|that)? ?(?:on|off|up|down|around) (?:now|please)"
        r"|turn to\b|take you|make (?:it|you|sense|a (?:note|guess|point))|do you|do anything|do nothing"
        r"|find (?:it )?(?:hard|difficult|easy)|try again|set (?:out|off)|report that\b)"
        r"|^(?:if|when|unless|suppose)\b|\b(?:said|told|thought|wondered|wish|asked if)\b.*\bI\b"
        r"|\b(?:not|never|usually|always|often|sometimes) (?:be )?\w+$",
        accepts=r"^(?:(?:oh|um|uh|well|okay|ok|and|so),? )*(?:yes|yeah|yep|sure|ok|okay|of course|no problem|"
        r"will do|absolutely|alright|all right|can do|i will|i can do|i'll|definitely|certainly|happy to|"
        r"got it|on it|agreed|fine|sounds good|i agree|good idea|perfect|great|exactly|right)\b(?!.*\bbut\b)",
        defers=r"\b(?:i|we|nobody) (?:\w+ )?(?:don't|do not|doesn't|didn't) (?:really |actually |yet )?know"
        r"|\bno idea\b|\b(?:not|isn't) (?:really |quite |entirely )?(?:sure|clear)\b|\bunclear\b|"
        r"\bgood question\b|\bhard to say\b|\b(?:have|need|'d have) to (?:ask|check|find out|look (?:it|that) up)"
        r"|\blet me (?:check|find out)|\bi'll (?:have to )?(?:check|find out|ask)\b|\bremains to be seen"
        r"|\bnobody knows|\bno one knows|\bwe'll see\b|\bwe'll have to see\b",
        proposes=r"\b(?:what|how) about\b|\bwhy don't (?:we|you|i)\b|\bshall we\b",
        open_point=r"\b(?:the|an|one) open (?:question|point|issue) is\b|\bwe (?:still )?(?:don't|do not) know "
        r"(?:yet )?(?:if|whether|who|how|when|what|why|where)\b|\bit(?:'s| is) (?:still )?(?:unclear|not clear|open)"
        r" (?:if|whether|who|how|when|what|why|where)\b",
        topic=r"^(?:(?:okay|ok|right|alright|all right|so|now|good|great|fine|well|and|then|perfect|cool)\b[,.]? )*"
        r"(?:(?:the )?(?:next|last|second|third|final|other) (?:topic|item|point|thing|one|question|agenda)\b"
        r"|(?:let's |we (?:can |should )?)?(?:move|moving|go) on\b|let's (?:talk|go|turn|look|start|begin|move)\b"
        r"|(?:one|another) (?:more|last|other)? ?(?:topic|point|item|thing)\b|now,|on to\b|coming to\b)"
        r"|^(?:okay|right|alright|good|fine|now)[.,] \w[\w' -]{2,40}\.$",
        weight=r"\b(?:important|main|problem|issue|risk|critical|because|reason|cause[ds]?|result|biggest|most|"
        r"means?|suggest(?:ion|ed)?|propos(?:e|al)|recommend|plan(?:ned)?|deadline|budget|cost|target|goal|key|"
        r"blocked|fixed|failed|finished|shipped|released|increased?|dropped|found|need)\b",
        managing=r"\b(?:hear me|see my screen|share my screen|on mute|unmute|making the time|anything else"
        r"|see you\b|thank(?:s| you) (?:all|everybody|everyone|very much|for)|good (?:morning|afternoon|evening)"
        r"|nice weekend|talk about \w+ (?:first|later|next)|agenda|walk us through|next (?:topic|item|one)"
        r"|last topic|moving on|let's start|i'm done|that's it|bye|welcome|go through)\b",
        agreement=r"^(?:okay|ok|alright|all right|good|great|fine|perfect|right|excellent|yes|agreed|so|then)\b",
        chat=r"\b(?:okay|ok|yeah|yep|um|uh|alright|hmm|mm|mhm|mm-hmm|right|gonna|basically|actually|guys|sure"
        r"|thanks|great|cool|anyway|sorry|hello|hi)\b",
    ),
    "zh": Patterns(
        decision=r"决定(?!权|性|于|因素)|定在|定为|定下来|就这么(?:定|办|做)|就这样(?:定|办)|说定了|一致同意|达成一致"
        r"|确定(?:用|采用|为|下来)|暂时不(?!清楚|知道|太|是|会)|先不(?!说|谈|管|讨论|清楚|要急)|那(?:我们)?就(?:用|按|选|采用|改|做|定)",
        suggestion=r"那(?:我们|就|咱们)[^？?]{2,}吧(?:[，。.!！]|$)",
        not_decision=r"[？?]$|要不要|是否|还没(?:有)?(?:决定|定)|没(?:有)?决定|没定|怎么决定|谁决定|如果|开始吧|下一个|继续|休息|看看吧|听听",
        proposal_taken=r"^(?:好|好的|行|可以|那)[，,].*(?:就|我们)(?:用|按|选|采用|改成|做|先)",
        commitment=r"我(?:们组|这边)?(?:来|会|去|负责|明天|今天|后天|下周|这周|本周|周[一二三四五六日天]|星期[一二三四五六日天]|"
        r"月底|下个月|今晚|晚上|下午|上午|稍后|回头|之后|会后|马上|尽快|也会|还会|先)"
        r"(?P<task>.*(?:写|发|准备|做|整理|确认|联系|负责|更新|检查|跟进|提交|安排|谈|问|改|修|建|配置|测试|通知|买|订|"
        r"预订|查|统计|汇报|反馈|上传|设计|评估|沟通|落实|解决|完成|处理|协调|申请|采购|对接|部署|上线|告诉|打电话|约).*)",
        request=r"(?:(?P<name>[\u4e00-\u9fff]{2,4})[，,])?(?:麻烦你|请你|你(?:能|可以|可不可以|能不能|来|去|负责|"
        r"帮忙|帮|明天|今天|下周|这周|周[一二三四五六日天]|星期[一二三四五六日天]|月底)).*"
        r"(?:写|发|准备|整理|确认|联系|负责|更新|检查|跟进|提交|安排|问|改|修|建|配置|测试|通知|买|订|查|统计|汇报|反馈|上传|"
        r"设计|评估|沟通|落实|解决|完成|处理|协调|申请|采购|对接|部署|告诉|谈)",
        order=r"^(?:那|然后)?(?:请|麻烦)(?!问|坐|进|稍|注意|看|听|说|讲|继续|大家看)[^？?]*(?:写|发|准备|整理|确认|联系|负责|"
        r"更新|检查|跟进|提交|安排|改|修|测试|通知|订|查|统计|汇报|反馈|上传|评估|完成|处理)",
        obligation=r"(?:得|要|需要|应该)(?:有人|找人|找个人|有个人)[^？?]*",
        third_person=r"(?:来|会|负责|去|要|应该)[^？?]*(?:写|发|准备|整理|确认|联系|负责|更新|检查|跟进|提交|安排|改|修|测试|"
        r"通知|订|查|统计|汇报|反馈|上传|设计|评估|完成|处理|翻译)",
        not_task=r"听到|看到吗|我来(?:说|讲|介绍|补充|回答|解释|问)|我会(?:说|觉得|认为|想)|共享屏幕|我去过|我来自|我先(?:说|讲|介绍)|如果",
        accepts=r"^(?:嗯[，,]?)?(?:好|好的|没问题|可以|行|收到|没事|当然|同意|是的|对|嗯|OK|ok|明白|知道了)(?!.*(?:但是|不过))",
        defers=r"不(?:太|是很|大)?(?:清楚|知道|确定)|说不好|不好说|好问题|要(?:再)?(?:问|查|确认|看)一?下|再看|没想好|有待",
        proposes=r"怎么样[？?]$|好不好[？?]$|要不(?!要)|不如",
        open_point=r"(?:还)?不(?:清楚|确定|知道)(?:是否|会不会|能不能|谁|怎么|什么时候|为什么)|待定",
        topic=r"^(?:好的?[，,。]?|那[，,]?|嗯[，,]?|谢谢[。，]?)*(?:接下来|下一个|下面|再说|最后说|最后一个|另外一个|先说|换个|第[一二三四五六]个)",
        weight=r"重要|关键|主要|原因|因为|建议|计划|问题|风险|必须|需要|目标|预算|成本|结果|完成|修复|解决|增加|下降|发布",
        managing=r"听到我|能听|共享屏幕|静音|开始吧|大家好|谢谢大家|再见|下次见|散会|还有(?:别的|其他)|今天主要",
        agreement=r"^(?:好|好的|行|可以|那|同意|没问题)[，,。]?",
        chat=r"好的|好，|嗯|呃|对，|那个|就是|没问题|是的|谢谢|我们|大家",
    ),
    "de": Patterns(
        decision=r"\bwir (?:haben|hatten) (?:\w+ ){0,4}(?:beschlossen|entschieden|vereinbart)\b"
        r"|\bdann (?:machen|nehmen|bleiben|verschieben|behalten|streichen) wir\b|\bmachen wir (?:das )?so\b"
        r"|\b(?:ist|wird) (?:damit |hiermit |so )?(?:beschlossen|entschieden|abgemacht)\b|\bwir einigen uns auf\b"
        r"|\bwir (?:nehmen|bleiben bei|entscheiden uns für)\b",
        not_decision=r"\?\s*$|\bwenn wir\b|\bob wir\b|\bnoch nicht\b|\bnicht (?:beschlossen|entschieden)",
        commitment=r"\bich (?:kümmere mich|schicke|schreibe|erledige|übernehme|prüfe|kläre|bereite|mache (?:das|die|den)|"
        r"rufe|organisiere|bestelle|frage (?!mich)|teste|baue|erstelle|aktualisiere|werde (?:\w+ ){1,9}(?:schicken|"
        r"schreiben|prüfen|klären|vorbereiten|erstellen|machen|anrufen|testen|bestellen|organisieren|fragen|kümmern))\b",
        request=r"\b(?:kannst|könntest) du (?:\w+ ){1,12}(?:schicken|schreiben|prüfen|klären|vorbereiten|erstellen|"
        r"machen|anrufen|testen|bestellen|organisieren|fragen|kümmern|aktualisieren|übernehmen)\b"
        r"|\b(?:können|könnten) Sie (?:\w+ ){1,12}(?:schicken|schreiben|prüfen|klären|vorbereiten|erstellen|testen)\b",
        not_task=r"^(?:wenn|falls)\b|\bwürde\b",
        accepts=r"^(?:ja|klar|okay|ok|gerne|gern|mache ich|mach ich|kein problem|einverstanden|genau|natürlich)\b(?!.*\baber\b)",
        defers=r"\bweiß (?:ich|ich auch) (?:noch )?nicht|\bich weiß (?:es )?nicht|\bkeine ahnung|\bgute frage|"
        r"\bnicht sicher|\b(?:muss|müssen) (?:ich|wir) (?:noch )?(?:klären|nachfragen|nachsehen|prüfen)|\bunklar\b",
        topic=r"^(?:(?:okay|gut|so|also|dann|ja)\b[,.]? )*(?:(?:der )?nächste[rs]? (?:punkt|thema)|kommen wir zu|"
        r"weiter (?:geht|mit)|als nächstes|letzter punkt)",
        weight=r"\b(?:wichtig|problem|grund|weil|ziel|kosten|budget|risiko|ergebnis|vorschlag|plan|fertig|deadline)\b",
        managing=r"\b(?:hört ihr|hören sie mich|bildschirm teilen|guten (?:morgen|tag)|tschüss|bis dann|willkommen)\b",
        agreement=r"^(?:okay|ok|gut|alles klar|einverstanden|ja|genau|dann)\b",
        chat=r"\b(?:ja|genau|okay|äh|ähm|also|halt|mal|eben|gut|klar|ne)\b",
    ),
    "fr": Patterns(
        decision=r"\b(?:on|nous) (?:a|avons) (?:\w+ )?(?:décidé|convenu)\b|\bc'est (?:décidé|acté|entendu)\b"
        r"|\bon part sur\b|\bon (?:va )?(?:reporter?|garder?|choisi[rt])\b|\bla décision est (?:de|que)\b",
        not_decision=r"\?\s*$|\bsi on\b|\bpas encore\b",
        commitment=r"\bje (?:vais (?:\w+ ){0,3}(?:envoyer|préparer|écrire|vérifier|appeler|faire|demander|organiser|"
        r"contacter|tester|corriger)|m'en (?:occupe|charge)|m'occupe|(?:t'|vous )envoie|prépare)\b",
        request=r"\b(?:peux-tu|tu peux|pourrais-tu|pouvez-vous|pourriez-vous|vous pouvez) (?:\w+ ){0,4}(?:envoyer|"
        r"préparer|écrire|vérifier|appeler|faire|demander|organiser|contacter|tester|corriger)\b",
        not_task=r"^si\b",
        accepts=r"^(?:oui|d'accord|ok|okay|bien sûr|pas de problème|entendu|ça marche|parfait)\b(?!.*\bmais\b)",
        defers=r"\bje (?:ne )?sais pas|\baucune idée|\bbonne question|\bpas sûre?\b|\bil faut (?:vérifier|demander|voir)",
        topic=r"^(?:(?:bon|ok|alors|donc|bien)\b[,.]? )*(?:point suivant|passons à|on passe à|prochain (?:point|sujet)|dernier point)",
        weight=r"\b(?:important|problème|raison|parce que|objectif|coûts?|budget|risque|résultat|proposition|plan)\b",
        managing=r"\b(?:vous m'entendez|tu m'entends|bonjour|au revoir|partager mon écran|bienvenue)\b",
        agreement=r"^(?:ok|okay|d'accord|bon|très bien|parfait|oui|entendu)\b",
        chat=r"\b(?:ok|oui|ouais|euh|ben|donc|alors|voilà|bon|hein)\b",
    ),
    "es": Patterns(
        decision=r"\b(?:hemos (?:decidido|acordado)|decidimos|acordamos|queda (?:decidido|acordado))\b"
        r"|\bvamos a (?:quedarnos|ir) con\b|\bnos quedamos con\b|\bla decisión es\b",
        not_decision=r"\?\s*$|\bsi (?:hemos|decidimos)\b|\btodavía no\b|\baún no\b",
        commitment=r"\b(?:yo )?(?:voy a (?:\w+ ){0,2}(?:enviar|preparar|escribir|revisar|llamar|hacer|preguntar|"
        r"organizar|contactar|probar|corregir|mandar)|me encargo|me ocupo|te (?:envío|mando)|lo hago yo)\b",
        request=r"\b(?:puedes|podrías|puede|podría) (?:\w+ ){0,3}(?:enviar|enviarme|preparar|escribir|revisar|llamar|"
        r"hacer|preguntar|organizar|contactar|probar|corregir|mandar|mandarme)\b",
        not_task=r"^si\b",
        accepts=r"^(?:sí|vale|claro|de acuerdo|por supuesto|ok|sin problema|perfecto)\b(?!.*\bpero\b)",
        defers=r"\bno (?:lo )?(?:sé|sabemos)\b|\bni idea|\bbuena pregunta|\bno est(?:oy|á) (?:seguro|segura|claro)|"
        r"\b(?:hay|tengo|tenemos) que (?:preguntar|mirar|comprobar)",
        topic=r"^(?:(?:vale|bueno|bien|ok|pues)\b[,.]? )*(?:(?:el )?siguiente (?:punto|tema)|pasamos a|pasemos a|último (?:punto|tema))",
        weight=r"\b(?:importante|problema|razón|porque|objetivo|costes?|presupuesto|riesgo|resultado|propuesta|plan)\b",
        managing=r"\b(?:me o[íi]s|me escuch|buenos días|buenas tardes|hasta luego|compartir (?:mi )?pantalla|bienvenid)\b",
        agreement=r"^(?:vale|ok|de acuerdo|bien|perfecto|sí|claro|muy bien)\b",
        chat=r"\b(?:vale|sí|eh|bueno|pues|claro|ok|bien)\b",
    ),
}  # fmt: skip

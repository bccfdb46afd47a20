"""Words that carry no subject matter, for the languages met most.

FUNCTION words join and point; GENERAL words are content words so common in any meeting that they
tell one topic from another badly. Languages missing here get theirs by counting (`words.Lexicon`).
"""

from __future__ import annotations


def _split(text: str) -> frozenset[str]:
    return frozenset(text.split())


FUNCTION: dict[str, frozenset[str]] = {
    "en": _split(
        """a an all the this that these those and or but nor so if then than as of at by for from in
        into on onto off out over under up down to toward towards with without within about above
        across after again against along also although am among any anybody anyone anything are
        around be because been before behind being below between both can cannot could did do
        does doing done during each either else enough even ever every everybody everyone
        everything few for further gonna had has have having he her here hers herself him himself
        his how however i is it its itself just kind let like lot lots many may maybe me might
        mine more most much must my myself neither never no nobody none not nothing now of often
        oh ok okay only other others ought our ours ourselves own per perhaps quite rather really
        same shall she should since some somebody someone something sort still such their theirs
        them themselves there therefore they though through thus till too um uh er erm ah hm hmm
        mm mhm huh until unless upon us very was we well were what whatever when whenever where
        whether which while who whoever whom whose why will would yeah yep yes yet you your yours
        yourself yourselves anyway actually basically literally obviously honestly probably
        definitely certainly exactly alright right sure else already almost away back ever once
        twice dont cant wont ain got get gets getting gotten ll ve re s t d m y'all wanna gotta
        cause cos thing things stuff bit kinda sorta mr mrs ms thou thee thy thine hath doth art
        ye quoth unto god going please thank thanks ouch wow oops hello hi bye hey sorry"""
    ),
    "de": _split(
        """der die das den dem des ein eine einen einem einer eines und oder aber denn doch weil
        dass daß wenn als ob wie wo was wer wen wem wessen warum wieso weshalb ich du er sie es
        wir ihr mich dich ihn uns euch mir dir ihm ihnen mein dein sein unser euer meine deine
        seine ihre unsere eure meinen deinen seinen ihren unseren eurem ist sind war waren bin
        bist seid sein gewesen hat haben habe hast hatte hatten hätte hätten wird werden werde
        wirst wurde wurden würde würden worden kann können könnte könnten konnte muss müssen
        musste müsste soll sollen sollte sollten will wollen wollte darf dürfen mag möchte
        möchten nicht kein keine keinen nur auch noch schon mal ja nein nee so also dann da hier
        dort jetzt nun heute immer wieder sehr viel viele mehr etwas nichts alle alles jeder jede
        man sich zu zum zur im in ins am an auf aus bei beim mit nach von vom vor für über unter
        um durch gegen ohne bis seit zwischen während dieser diese dieses diesem diesen jene
        solche welche welcher welches einfach eigentlich halt eben genau ganz okay ok äh ähm hm
        mhm gut gibt geht machen macht gemacht tun sagen sagt glaube denke finde weiß ding sache
        bitte danke hallo tschüss"""
    ),
    "fr": _split(
        """le la les l un une des du de d et ou mais donc or ni car que qu qui quoi dont où si comme
        quand pourquoi comment je j tu il elle on nous vous ils elles me m te t se s lui leur y
        en moi toi soi eux mon ton son ma ta sa mes tes ses notre votre nos vos leurs ce c cet
        cette ces ça cela ceci est es suis sommes êtes sont était étaient été être sera serait ai
        as a avons avez ont avait avaient eu avoir aura aurait fait faire fais faites va vais vas
        allons allez vont aller peut peux pouvons pouvez peuvent pouvoir doit dois devons devez
        doivent faut veut veux voulons voulez ne n pas plus jamais rien aucun aucune très trop
        bien aussi encore déjà alors puis ensuite ici là maintenant toujours tout toute tous
        toutes même autre autres chaque quelque quelques plusieurs beaucoup peu à au aux avec
        chez dans par pour sans sous sur vers entre depuis pendant avant après contre oui non
        ouais ok okay euh ben bah hein voilà quoi enfin genre bon d'accord merci bonjour salut
        chose choses truc"""
    ),
    "es": _split(
        """el la los las lo un una unos unas y e o u pero sino porque que si como cuando donde quien
        cual cuyo qué cómo cuándo dónde quién cuál por para con sin de del al a en entre hasta
        desde sobre hacia según tras durante ante bajo contra yo tú él ella nosotros vosotros
        ellos ellas usted ustedes me te se nos os le les mi tu su mis tus sus nuestro nuestra
        nuestros vuestro este esta esto estos estas ese esa eso esos esas aquel aquella es son
        era eran soy eres somos fue fueron ser sido sea está están estoy estaba estar ha han he
        hemos has había haber hay hace hacer hecho va van voy vamos ir puede pueden puedo podemos
        poder debe deben debo tiene tienen tengo tenemos tener quiere quiero queremos no sí ni
        nunca nada nadie algo alguien alguno alguna algunos todo toda todos todas otro otra otros
        mismo misma muy más menos mucho mucha muchos poco también tampoco ya aún todavía ahora
        entonces luego aquí ahí allí siempre bien bueno pues vale ok eh este o sea claro gracias
        hola adiós cosa cosas"""
    ),
    "it": _split(
        """il lo la i gli le l un uno una e ed o ma se che chi cui come quando dove perché quindi
        allora anche ancora già mai più meno molto poco troppo tutto tutta tutti tutte di a da in
        con su per tra fra del dello della dei degli delle al allo alla ai agli alle dal dalla
        dai nel nella nei sul sulla io tu lui lei noi voi loro mi ti si ci vi ne mio tuo suo
        nostro vostro questo questa questi queste quello quella quelli è sono era erano sei siamo
        siete essere stato ho hai ha abbiamo avete hanno avere aveva fare fatto fa va vado andare
        può posso possiamo deve devo dobbiamo non no sì ok ecco cioè beh bene poi qui lì ora cosa
        cose grazie ciao"""
    ),
    "pt": _split(
        """o a os as um uma uns umas e ou mas porque que se como quando onde quem qual por para com
        sem de do da dos das em no na nos nas ao à aos às pelo pela entre até desde sobre eu tu
        ele ela nós vocês você eles elas me te se lhe meu minha seu sua nosso nossa este esta
        isto esse essa isso aquele aquela é são era eram sou somos foi foram ser está estão
        estava estar tem têm tenho temos ter tinha há vai vão vou vamos ir pode podem posso
        podemos deve fazer feito faz não sim também já ainda agora então aqui ali lá sempre muito
        muita mais menos pouco tudo todo toda todos nada bem ok né tá obrigado coisa coisas"""
    ),
    "nl": _split(
        """de het een en of maar want dat die dit deze wie wat waar wanneer waarom hoe ik jij je u
        hij zij ze wij we jullie hen hun mij me jou ons mijn jouw zijn haar onze is ben bent was
        waren ben geweest heb hebt heeft hebben had hadden word wordt worden werd kan kunnen kon
        moet moeten moest zal zullen zou zouden wil willen mag niet geen wel ook nog al maar even
        toch dan nu hier daar er te om aan op in uit bij met naar van voor over onder door tegen
        zonder tot als omdat dus ja nee oké ok eh uh hè zo heel veel meer iets niets alles gewoon
        eigenlijk doen doet gaat gaan dank bedankt ding dingen"""
    ),
    "zh": _split(
        """的 了 着 过 地 得 在 是 有 没 没有 不 不是 也 都 就 还 又 再 很 更 最 太 挺 非常 比较 和
        跟 与 及 或 或者 但 但是 不过 可是 而 而且 因为 所以 如果 的话 虽然 那 那么 那个 那些
        那边 这 这么 这个 这些 这边 这样 那样 这里 那里 我 你 您 他 她 它 我们 你们 他们 她们
        它们 咱们 大家 自己 人家 什么 怎么 怎么样 怎样 为什么 哪 哪个 哪些 哪里 谁 几 多少 把 被
        给 让 叫 对 对于 关于 从 到 向 往 于 以 以后 以前 之后 之前 时候 的时候 里 里面 上 上面
        下 下面 中 外 个 些 点 一点 一些 一下 一个 一样 一直 一定 已经 曾经 正在 会 能 能够 可以
        可能 应该 要 想 需要 必须 得 去 来 说 觉得 认为 知道 看 看看 做 弄 搞 用 嗯 呃 啊 哦 噢
        哎 唉 呢 吧 吗 嘛 呀 哈 喂 好 好的 行 对的 是的 没错 当然 其实 就是 就是说 反正 然后
        接下来 现在 今天 东西 事情 事 件 谢谢 你好 再见 问题 情况 方面 部分 那我们 没问题 主要
        一共 大概"""
    ),
}

GENERAL: dict[str, frozenset[str]] = {
    "en": _split(
        """able accept actual add agree allow answer appear argue arrive ask bad bear become begin
        believe best better big break bring bunch buy call care carry case catch certain chance
        change check choose clear close come common compare complain consider continue cost
        couple course cut day days deal decide depend different difficult discuss early easy end
        example exist expect explain fact fair fall far feel figure fill find fine finish first
        fit fix follow forget free full fun general give glad go good great group guess guy guys
        half hand happen happy hard hate hear help high hold honest hope hour hours idea imagine
        important include increase interest issue joke keep know large last late later leave left
        less level list listen little live long look lose love low main make matter mean meet
        meeting mention mind minute minutes miss moment month months morning move name need new
        next nice night normal notice number obvious offer old open option order part pass past
        pay people percent person pick piece place plan play point possible prefer pretty problem
        effort proper put question quick read ready real reason receive remember remove reply
        report rest result room run say second see seem send sense set several short show side
        simple single small something soon sound speak spend stand start state stay step stick
        stop strange stupid silly crazy stuff suggest suppose sure take talk tell term terms test
        think third time today together tomorrow tonight top topic t total true try turn type
        understand use usual version wait walk want watch way week weeks whole wish wonder word
        words work worry worth write wrong year years yesterday agenda plenty monday tuesday
        wednesday thursday friday saturday sunday january february march april may june july
        august september october november december one two three four five six seven eight nine
        ten eleven twelve hundred thousand million roughly altogether average around euro euros
        dollar dollars pound pounds immediately surprisingly basically currently nearly
        afterwards anymore mid wanted"""
    ),
    "zh": _split(
        """开始 结束 讨论 确认 了解 说明 介绍 决定 同意 希望 建议 考虑 准备 完成 解决 处理 进行 发现
        开会 会议 时间 今年 去年 明年 明天 昨天 后天 下周 上周 这周 周一 周二 周三 周四 周五 周六
        周日 星期 月底 年底 上午 下午 晚上 一月 二月 三月 四月 五月 六月 七月 八月 九月 十月
        十一月 十二月 第一 第二 第三 一半 很多 不少 全部 所有 每个 其他 另外 最后 最多 最少
        差不多 简单 麻烦 重要 清楚 不错 有点 分别 先 结果 想法 方案 建好 告诉 听到 看到 看过 收到
        答应 暂时 直接 马上 觉得 同时 部门 个人 两个 几个 方式 老 新"""
    ),
    "de": _split(
        """jahr jahre woche wochen tag tage monat monate stunde uhr zeit leute frage fragen problem
        punkt thema meeting neue neuen gute guten große erste ersten letzte nächste nächsten
        montag dienstag mittwoch donnerstag freitag ende anfang teil prozent eins zwei drei vier
        fünf kommen kommt nehmen sehen reden sprechen brauchen finden lassen stehen schauen
        wissen morgen gestern beispiel"""
    ),
    "fr": _split(
        """an ans année semaine semaines jour jours mois heure heures temps gens question problème
        point réunion nouveau nouvelle premier première dernier prochain prochaine lundi mardi
        mercredi jeudi vendredi fin début pense crois sais dire dit voir prendre besoin deux
        trois quatre cinq pour cent exemple demain hier"""
    ),
    "es": _split(
        """año años semana semanas día días mes meses hora horas tiempo gente pregunta problema
        punto reunión nuevo nueva primero primera último próximo próxima lunes martes miércoles
        jueves viernes final principio creo sé decir dice ver tomar dos tres cuatro cinco ciento
        ejemplo mañana ayer parece"""
    ),
}

FILLERS: dict[str, frozenset[str]] = {
    "en": _split("um uh erm er uhm ah eh hm hmm mm mhm mmm uh-huh mm-hmm"),
    "de": _split("äh ähm öh hm hmm mhm"),
    "fr": _split("euh heu hum hm bah"),
    "es": _split("eh em mmm hm este"),
    "zh": _split("嗯 呃 啊 额 唔 哦"),
}

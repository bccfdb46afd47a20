"""How people decide, promise, ask and put off in French."""

from __future__ import annotations

from stages.summarization.patterns.pattern import Patterns

FRENCH = Patterns(
    decision=(
        r"\b(?:on|nous) (?:a|avons) (?:\w+ )?(?:décidé|convenu)\b",
        r"\bc'est (?:décidé|acté|entendu)\b",
        r"\bon part sur\b",
        r"\bon (?:va )?(?:reporter?|garder?|choisi[rt])\b",
        r"\bla décision est (?:de|que)\b",
    ),
    commitment=(
        r"\bje (?:vais (?:\w+ ){0,3}(?:envoyer|préparer|écrire|vérifier|appeler|faire"
        r"|demander|organiser|contacter|tester|corriger)|m'en (?:occupe|charge)|m'occupe"
        r"|(?:t'|vous )envoie|prépare)\b",
    ),
    request=(
        r"\b(?:peux-tu|tu peux|pourrais-tu|pouvez-vous|pourriez-vous|vous pouvez) (?:\w+ "
        r"){0,4}(?:envoyer|préparer|écrire|vérifier|appeler|faire|demander|organiser"
        r"|contacter|tester|corriger)\b",
    ),
    not_task=(r"^si\b",),
    not_decision=(
        r"\?\s*$",
        r"\bsi on\b",
        r"\bpas encore\b",
    ),
    accepts=(
        r"^(?:oui|d'accord|ok|okay|bien sûr|pas de problème|entendu|ça marche"
        r"|parfait)\b(?!.*\bmais\b)",
    ),
    defers=(
        r"\bje (?:ne )?sais pas",
        r"\baucune idée",
        r"\bbonne question",
        r"\bpas sûre?\b",
        r"\bil faut (?:vérifier|demander|voir)",
    ),
    topic=(
        r"^(?:(?:bon|ok|alors|donc|bien)\b[,.]? )*(?:point suivant|passons à|on passe à"
        r"|prochain (?:point|sujet)|dernier point)",
    ),
    weight=(
        r"\b(?:important|problème|raison|parce que|objectif|coûts?|budget|risque|résultat"
        r"|proposition|plan)\b",
    ),
    managing=(
        r"\b(?:vous m'entendez|tu m'entends|bonjour|au revoir|partager mon écran"
        r"|bienvenue)\b",
    ),
    agreement=(r"^(?:ok|okay|d'accord|bon|très bien|parfait|oui|entendu)\b",),
    chat=(r"\b(?:ok|oui|ouais|euh|ben|donc|alors|voilà|bon|hein)\b",),
)

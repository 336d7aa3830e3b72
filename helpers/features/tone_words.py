"""The words and phrases by which the tone of a text is told: English, written for support."""

import re

__all__ = ["BAD", "GOOD", "LEAVING", "NOT", "STRONG", "UNABLE", "WHO_LIKES"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


GOOD = _words(
    "accurate affordable amazed amazing appreciate appreciated appreciates attractive awesome "
    "beautiful beneficial best better brilliant bonus capable charming clean clear clever "
    "comfortable confident consistent convenience convenient cool correct crisp decent delight "
    "delighted delightful dependable durable ease easier easily easy effective efficient enhanced "
    "enjoy enjoyable enjoyed enjoying excellent exceptional exceeded exceeds excited exciting "
    "fabulous fantastic fast faster favorite favourite fine fixed flawless flexible fortunate "
    "friendly fun generous glad good gorgeous grateful great handy happier happily happy helped "
    "helpful helping helps honest ideal impressed impressive improved improvement improvements "
    "improving inexpensive incredible innovative intuitive joy likes liked love loved loves "
    "lovely lucky magnificent neat nice nicely outstanding painless perfect perfection perfectly "
    "pleasant pleased pleasure plus polite positive powerful praise prompt promptly proud quick "
    "quickly recommend recommended refreshing reliable relief resolved responsive rich robust "
    "satisfied satisfying seamless sharp simple sleek smart smooth smoothly solid solved "
    "spectacular splendid stable straightforward stunning sturdy success successful successfully "
    "sufficient super superb superior sweet terrific thank thankful thanks thrilled top "
    "trustworthy useful valuable versatile well winner wonderful worked works worth worthwhile wow"
)
BAD = _words(
    "abandon abysmal aggravating angry annoy annoyance annoyed annoying appalling ashamed "
    "atrocious awful awkward bad badly blocked blocker blocks bother bothered bothersome breaks "
    "breaking broke broken bug buggy bugs bulky burden cancel cancelling cancelled cheaply clumsy "
    "clunky complain complained complaint complaints complicated confuse confused confusing "
    "corrupted costly crap crash crashed crashes crashing critical cumbersome damage damaged dead "
    "defect defective delay delayed delays denied died dies difficult disappointed disappointing "
    "disappointment disaster discouraged disgusting dislike disliked dissatisfied distorted down "
    "dreadful dull embarrassing erratic error errors excessive expensive fail failed failing fails "
    "failure fault faulty flaw flawed flaws flimsy fragile freeze freezes froze frozen frustrated "
    "frustrating frustration garbage glitch glitches hang hangs hard hassle hate hated headache "
    "hopeless horrible ignored impossible inaccurate inadequate incompetent inconsistent "
    "inconvenient incorrect inferior insufficient irritated irritating issue issues joke junk "
    "lack lacking lacks lag laggy lame late leave leaving lose losing lost lousy malfunction "
    "mediocre mess misleading miss missed misses missing mistake mistakes mistaken negative "
    "nightmare noisy nuisance obsolete outage outdated overpriced pain painful painfully pathetic "
    "poor poorly pricey problem problems refund refuses regret ridiculous rubbish rude sad scratch "
    "scratched shame shoddy sloppy slow slower slowly sluggish sorry stuck stupid struggle "
    "struggling suck sucks suffer suffered tedious terrible timeout timeouts tired trouble "
    "troubles ugly unacceptable unable unclear uncomfortable unfortunate unfortunately unhappy "
    "unreliable unresponsive unsatisfied unstable unusable upset urgent useless vague waiting "
    "warning waste wasted weak weird worse worst worthless worried wrong wrongly"
)
NOT = _words(
    "not no never nothing nobody none neither without hardly barely isn't wasn't aren't weren't "
    "don't doesn't didn't won't can't cannot couldn't wouldn't shouldn't haven't hasn't"
)
UNABLE = _words("cannot can't couldn't")
"""Negations that are a complaint of their own where no other word of opinion follows."""
STRONG = _words("very really extremely totally completely absolutely so too still again highly")
WHO_LIKES = _words("i we you they users people also really do did team would don't didn't")
"""Before "like" these make it a verb; "like this" says nothing."""
LEAVING = re.compile(
    r"\b(?:"
    r"(?:cancel|terminate|end|close)(?:l?ing|l?ed)?\s+(?:our|my|the|this|your)\s+"
    r"(?:subscription|contract|account|plan|service|licen[cs]es?)"
    r"|(?:not|never|won't|n't)\s+(?:be\s+)?renew(?:ing)?"
    r"|switch(?:ing|ed)?\s+(?:to|away)"
    r"|mov(?:e|es|ing|ed)\s+(?:over\s+)?to\s+(?:another|a\s+different|a\s+competitor|your\s+compet)"
    r"|(?:look(?:ing)?\s+(?:at|for|into)|evaluat(?:e|ing)|consider(?:ing)?)\s+"
    r"(?:an?\s+)?(?:alternatives?|competitors?|other\s+(?:tools|vendors|providers|options))"
    r"|(?:stopp?(?:ed|ing)?|no\s+longer|quit)\s+us(?:e|ing)"
    r"|(?:our\s+)?money\s+back|fed\s+up|had\s+enough|last\s+straw|more\s+for\s+less"
    r"|time\s+to\s+(?:leave|go\s+elsewhere|move\s+on)"
    r")\w*"
)
"""What customers write who are about to leave; counts double, and can be negated like a word."""

"""What customers write: tickets, survey comments, and how they sound."""

__all__ = ["COMMENTS", "REQUESTS", "TICKETS", "TOPICS"]

# calm: a question; cross: an unhappy customer. {feature} is filled in.
TICKETS: dict[str, tuple[str, ...]] = {
    "calm": (
        "Hi, how do I change the default view for {feature}? Thanks!",
        "Quick question about {feature}: can we set it up per team?",
        "We love {feature}. Is there a guide for new colleagues?",
        "Could you tell me where the settings of {feature} are? Great product otherwise.",
        "Small thing: {feature} shows the date in US format. Otherwise very happy.",
        "Is it possible to copy {feature} from one project to another? Thank you.",
        "Please help us to configure {feature} for a new department.",
        "{feature} works well, but I cannot find the keyboard shortcut. Any hint?",
        "Thanks for the quick help last time. One more question on {feature}.",
        "How many entries can {feature} hold on our plan?",
    ),
    "plain": (
        "{feature} does not load on Firefox since this morning.",
        "We see an error message when saving in {feature}.",
        "The numbers in {feature} do not match the export.",
        "One colleague has no access to {feature}, please check.",
        "{feature} is slow today for our whole office.",
        "Notifications from {feature} arrive late.",
        "Import of our list into {feature} stopped half way.",
        "Can you look at {feature}? It does not refresh.",
        "After the update {feature} looks different, where did the filter go?",
        "We cannot delete an old entry in {feature}.",
    ),
    "cross": (
        "{feature} is broken again and nobody answers. This is not acceptable.",
        "Third time this month that {feature} fails. We are losing data and patience.",
        "Terrible experience with {feature}. My team refuses to work with it.",
        "Very disappointed: {feature} crashed in front of our client.",
        "{feature} is useless for us like this. If it is not fixed we will cancel.",
        "Still no fix for {feature} after two weeks. Really frustrating.",
        "Why do we pay for {feature} when it never works? Please escalate.",
        "The problem with {feature} is worse than before. Extremely annoying.",
        "We wasted a full day because of {feature}. Not happy at all.",
        "Support closed our last ticket about {feature} without any solution. Bad.",
    ),
}

COMPETITOR = (
    " {rival} does this without problems.",
    " We are looking at {rival} now.",
    " Our other office already moved to {rival}.",
)
RIVALS = ("Taskorama", "Planhive", "Worklane")

REQUESTS = (
    "Could we get {premium} on our plan? It would help us a lot.",
    "Is {premium} included in the next tier? We would like to try it.",
    "Feature request: we need {premium} for our project office.",
    "What does it cost to add {premium}? Our team keeps asking.",
)
PREMIUM = ("automations", "workload planning", "the timeline")

COMMENTS: dict[str, tuple[str, ...]] = {
    "promoter": (
        "Easy to use, the whole team likes it.",
        "Great tool and friendly support.",
        "Saves us hours every week.",
        "Automations are excellent.",
        "We recommend it to our partners.",
        "",
        "",
    ),
    "passive": (
        "Good, but reports could be better.",
        "Fine for our needs.",
        "OK. A bit slow sometimes.",
        "We only use the basics.",
        "",
        "",
        "",
    ),
    "detractor": (
        "Too many errors lately.",
        "Support takes too long.",
        "Too expensive for what we use.",
        "A competitor offers more for less.",
        "Our team stopped using it.",
        "Imports fail all the time, very frustrating.",
        "",
    ),
}

TOPICS: dict[str, tuple[str, ...]] = {
    "new": ("onboarding", "getting started", "webinar invitation", "tips"),
    "casual": ("tips", "newsletter", "product news", "webinar invitation"),
    "power": ("product news", "beta programme", "newsletter", "case study"),
    "at_risk": ("we miss you", "tips", "newsletter", "webinar invitation"),
}

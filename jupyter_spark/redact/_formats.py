"""Secrets that are known by their own form, whatever stands around them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_START = r"(?<![A-Za-z0-9_])"
_END = r"(?![A-Za-z0-9_])"


@dataclass(frozen=True)
class Format:
    """One form of secret.

    Attributes
    ----------
    kind : str
        Its short name, part of the mark.
    title : str
        What people call it.
    needles : tuple of str
        Texts of which one stands in every text that holds such a secret: looking for them first costs next to nothing.
    pattern : str
        The regular expression; the group ``value`` is the secret, or the whole match if there is no such group.
    """

    kind: str
    title: str
    needles: tuple[str, ...]
    pattern: str
    regex: re.Pattern[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "regex", re.compile(self.pattern))


def _prefixed(kind: str, title: str, prefixes: tuple[str, ...], tail: str) -> Format:
    """A key that begins with one of a few prefixes."""
    start = "|".join(map(re.escape, prefixes))
    return Format(kind, title, prefixes, rf"{_START}(?:{start}){tail}")


# These have empty lines in them.
WHOLE_FORMATS: tuple[Format, ...] = (
    Format(
        "private-key",
        "private key",
        ("-----BEGIN ", "---- BEGIN "),
        r"-----BEGIN (?P<label>[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?)-----"
        # To its end; of one that was cut short, all lines that still look like it.
        r"(?:[^\x00]{1,20000}?-----END (?P=label)-----|(?:(?:\\r)?\\n|[\sA-Za-z0-9+/=…])*)",
    ),
    Format(
        "putty-key",
        "PuTTY private key",
        ("PuTTY-User-Key",),
        r"PuTTY-User-Key-File-\d:[\s\S]{1,20000}?Private-MAC: \w+",
    ),
)

FORMATS: tuple[Format, ...] = (
    _prefixed("anthropic-key", "Anthropic key", ("sk-ant-",), r"[A-Za-z0-9_-]{20,}"),
    _prefixed("openrouter-key", "OpenRouter key", ("sk-or-",), r"[A-Za-z0-9_-]{20,}"),
    _prefixed(
        "openai-key",
        "OpenAI key",
        ("sk-",),
        r"(?!ant-|or-)(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{16,}",
    ),
    _prefixed("cerebras-key", "Cerebras key", ("csk-",), r"[A-Za-z0-9]{20,}"),
    _prefixed("groq-key", "Groq key", ("gsk_",), r"[A-Za-z0-9]{20,}"),
    _prefixed("xai-key", "xAI key", ("xai-",), r"[A-Za-z0-9]{20,}"),
    _prefixed("perplexity-key", "Perplexity key", ("pplx-",), r"[A-Za-z0-9]{20,}"),
    _prefixed("replicate-key", "Replicate token", ("r8_",), r"[A-Za-z0-9]{30,}"),
    _prefixed("nvidia-key", "NVIDIA key", ("nvapi-",), r"[A-Za-z0-9_-]{30,}"),
    _prefixed("huggingface-token", "Hugging Face token", ("hf_", "api_org_"), r"[A-Za-z0-9]{20,}"),
    _prefixed("wandb-key", "Weights & Biases key", ("wandb_v1_",), r"[A-Za-z0-9_]{30,}"),
    _prefixed("github-token", "GitHub token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"[A-Za-z0-9]{20,}"),
    _prefixed("github-token", "GitHub token", ("github_pat_",), r"[A-Za-z0-9_]{22,}"),
    _prefixed(
        "gitlab-token",
        "GitLab token",
        ("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glsoat-"),
        r"[A-Za-z0-9_.-]{16,}",
    ),
    _prefixed("aws-access-key", "AWS access key", ("AKIA", "ASIA", "ABIA", "ACCA"), rf"[A-Z0-9]{{16}}{_END}"),
    _prefixed("google-key", "Google API key", ("AIza",), r"[A-Za-z0-9_-]{30,}"),
    _prefixed("google-oauth", "Google OAuth secret", ("GOCSPX-",), r"[A-Za-z0-9_-]{20,}"),
    _prefixed("google-token", "Google access token", ("ya29.",), r"[A-Za-z0-9_.-]{20,}"),
    _prefixed(
        "slack-token",
        "Slack token",
        ("xoxb-", "xoxp-", "xoxa-", "xoxo-", "xoxr-", "xoxs-", "xoxe-", "xapp-", "xoxe.xoxp-"),
        r"[A-Za-z0-9-]{10,}",
    ),
    Format(
        "slack-webhook",
        "Slack webhook",
        ("hooks.slack.com/",),
        r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<value>[A-Za-z0-9_/+-]{20,})",
    ),
    _prefixed(
        "stripe-key", "Stripe key", ("sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_"), r"[A-Za-z0-9]{16,}"
    ),
    Format("twilio-key", "Twilio key", ("SK", "AC"), rf"{_START}(?:SK|AC)[0-9a-f]{{32}}{_END}"),
    Format("sendgrid-key", "SendGrid key", ("SG.",), rf"{_START}SG\.[A-Za-z0-9_-]{{16,}}\.[A-Za-z0-9_-]{{16,}}"),
    _prefixed("mailgun-key", "Mailgun key", ("key-",), rf"[0-9a-f]{{32}}{_END}"),
    Format("mailchimp-key", "Mailchimp key", ("-us",), rf"{_START}[0-9a-f]{{32}}-us\d{{1,2}}{_END}"),
    _prefixed("npm-token", "npm token", ("npm_",), rf"[A-Za-z0-9]{{36}}{_END}"),
    _prefixed("pypi-token", "PyPI token", ("pypi-",), r"[A-Za-z0-9_-]{50,}"),
    _prefixed("databricks-token", "Databricks token", ("dapi", "dkea", "dose"), rf"[0-9a-f]{{32}}(?:-\d)?{_END}"),
    Format(
        "discord-token",
        "Discord token",
        (".",),
        rf"{_START}[MNO][A-Za-z\d_-]{{23,27}}\.[A-Za-z\d_-]{{6}}\.[A-Za-z\d_-]{{27,40}}{_END}",
    ),
    Format(
        "discord-webhook", "Discord webhook", ("/api/webhooks/",), r"/api/webhooks/\d+/(?P<value>[A-Za-z0-9_-]{40,})"
    ),
    Format("telegram-token", "Telegram bot token", (":A",), rf"(?<![\w:])\d{{6,12}}:A[A-Za-z0-9_-]{{32,36}}{_END}"),
    Format(
        "jwt",
        "JSON web token",
        ("eyJ",),
        rf"{_START}eyJ[A-Za-z0-9_-]{{6,}}\.[A-Za-z0-9_-]{{8,}}(?:\.[A-Za-z0-9_-]*){{0,3}}",
    ),
    Format(
        "azure-key",
        "Azure key",
        ("AccountKey=", "SharedAccessKey="),
        r"(?:AccountKey|SharedAccessKey)=(?P<value>[A-Za-z0-9+/=]{20,})",
    ),
    Format("azure-signature", "Azure signature", ("sig=",), r"[?&;]sig=(?P<value>[A-Za-z0-9%+/=_-]{20,})"),
    Format(
        "azure-secret",
        "Azure client secret",
        ("8Q~", "7Q~"),
        rf"{_START}[A-Za-z0-9_~.-]{{3}}[78]Q~[A-Za-z0-9_~.-]{{31,34}}",
    ),
    _prefixed("digitalocean-token", "DigitalOcean token", ("dop_v1_", "doo_v1_", "dor_v1_"), r"[0-9a-f]{40,}"),
    _prefixed("shopify-token", "Shopify token", ("shpat_", "shpca_", "shppa_", "shpss_"), r"[0-9a-fA-F]{32}"),
    _prefixed("square-token", "Square token", ("sq0atp-", "sq0csp-"), r"[A-Za-z0-9_-]{20,}"),
    _prefixed("linear-key", "Linear key", ("lin_api_", "lin_oauth_"), r"[A-Za-z0-9]{30,}"),
    _prefixed("notion-token", "Notion token", ("ntn_", "secret_"), rf"[A-Za-z0-9]{{40,}}{_END}"),
    _prefixed("atlassian-token", "Atlassian token", ("ATATT3", "ATCTT3"), r"[A-Za-z0-9_=-]{40,}"),
    _prefixed("vault-token", "Vault token", ("hvs.", "hvb.", "hvr."), r"[A-Za-z0-9_-]{20,}"),
    _prefixed("grafana-token", "Grafana token", ("glsa_", "glc_"), r"[A-Za-z0-9_+/=]{30,}"),
    _prefixed("newrelic-key", "New Relic key", ("NRAK-", "NRII-"), r"[A-Za-z0-9-]{20,}"),
    _prefixed("sentry-token", "Sentry token", ("sntrys_", "sntryu_"), r"[A-Za-z0-9_=+/-]{30,}"),
    _prefixed("docker-token", "Docker token", ("dckr_pat_",), r"[A-Za-z0-9_-]{20,}"),
    _prefixed(
        "planetscale-token", "PlanetScale token", ("pscale_tkn_", "pscale_pw_", "pscale_oauth_"), r"[A-Za-z0-9_.-]{30,}"
    ),
    _prefixed("tavily-key", "Tavily key", ("tvly-",), r"[A-Za-z0-9-]{20,}"),
    _prefixed("langsmith-key", "LangSmith key", ("lsv2_pt_", "lsv2_sk_"), r"[A-Za-z0-9_]{30,}"),
    _prefixed("pinecone-key", "Pinecone key", ("pcsk_",), r"[A-Za-z0-9_]{30,}"),
    _prefixed("age-key", "age key", ("AGE-SECRET-KEY-1",), r"[A-Z0-9]{50,}"),
)

# Kinds that are known by where they stand.
PLACED = {
    "password": "password",
    "api-key": "API key",
    "token": "token",
    "secret": "secret",
    "env-value": ".env value",
    "authorization": "authorization header",
    "cookie": "cookie",
    "aws-secret-key": "AWS secret key",
    "part": "part of a secret",
}
_TITLES = {form.kind: form.title for form in (*WHOLE_FORMATS, *FORMATS)} | PLACED


def title_of(kind: str) -> str:
    """Return what people call a kind of secret."""
    return _TITLES.get(kind, kind)

"""Tiers, profiles and keys: which source wins, and one clear line for each mistake."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from jupyter_spark.errors import AuthenticationError, ConfigError
from jupyter_spark.settings import (
    FILE_NAME,
    KEY_ORDER,
    Profile,
    Settings,
    find_key,
    forget_keyring,
    load_limits,
    load_settings,
    with_model,
)


class MemoryKeyring(KeyringBackend):
    """A real backend that keeps its passwords in memory."""

    priority = 1.0  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.passwords: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked("locked")
        return self.passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.passwords[service, username] = password


@pytest.fixture(autouse=True)
def stored_keys() -> Iterator[MemoryKeyring]:
    before, ring = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(ring)
    forget_keyring()
    yield ring
    keyring.set_keyring(before)
    forget_keyring()


@pytest.fixture(autouse=True)
def config_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's Jupyter config directory, and nobody else's."""
    folder = tmp_path / "user"
    folder.mkdir()
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(folder))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path / "site"))
    return folder


def load(text: str | None = None, **env: str) -> Settings:
    file = None
    if text is not None:
        file = Path(os.environ["JUPYTER_CONFIG_DIR"]).parent / "given.toml"
        file.write_text(text, "utf-8")
    return load_settings(file, env)


# --- which profile ---------------------------------------------------------------------------------


def test_without_a_key_the_built_in_model_answers() -> None:
    settings = load()
    assert (settings.spark, settings.deep, settings.files) == ("local", "local", ())
    assert settings.for_tier("spark").api == settings.for_tier("deep").api == "local"


@pytest.mark.parametrize(("key", "profile"), KEY_ORDER)
def test_a_key_chooses_the_profile(key: str, profile: str) -> None:
    settings = load(**{key: "k"})
    assert settings.spark == profile
    assert settings.deep == ("openai-deep" if profile == "openai" else profile)


def test_the_order_of_keys() -> None:
    assert [key for key, _ in KEY_ORDER] == ["OPENAI_API_KEY", "CEREBRAS_API_KEY", "GROQ_API_KEY"]
    assert load(GROQ_API_KEY="g", CEREBRAS_API_KEY="c").spark == "cerebras"
    assert load(GROQ_API_KEY="g", CEREBRAS_API_KEY="c", OPENAI_API_KEY="o").spark == "openai"
    assert load(GROQ_API_KEY="g", OPENAI_API_KEY=" ").spark == "groq"


def test_the_environment_wins_over_the_file_and_the_file_over_keys() -> None:
    text = '[tiers]\nspark = "ollama"\ndeep = "vllm"\n'
    settings = load(text, OPENAI_API_KEY="k")
    assert (settings.spark, settings.deep) == ("ollama", "vllm")
    settings = load(text, JUPYTER_SPARK_PROFILE="groq", JUPYTER_SPARK_DEEP_PROFILE="openai-deep")
    assert (settings.spark, settings.deep) == ("groq", "openai-deep")
    assert load('[tiers]\ndeep = "vllm"', GROQ_API_KEY="k").spark == "groq"


def test_the_deep_tier_is_of_the_same_house() -> None:
    assert load(JUPYTER_SPARK_PROFILE="codex-spark").deep == "openai-deep"
    assert load(JUPYTER_SPARK_PROFILE="ollama").deep == "ollama"
    text = '[profiles.mine]\nkey_env = ["MINE"]\n[profiles.mine-deep]\nkey_env = ["MINE"]\ntier = "deep"\n'
    assert load(text, JUPYTER_SPARK_PROFILE="mine").deep == "mine-deep"


def test_a_tier_or_the_profile_named_instead() -> None:
    settings = load(OPENAI_API_KEY="k")
    assert settings.for_tier("spark").name == "openai"
    assert settings.for_tier("deep").name == "openai-deep"
    assert settings.for_tier("deep", "groq").name == "groq"
    with pytest.raises(ConfigError) as caught:
        settings.for_tier("spark", "gorq")
    assert caught.value.code == "unknown_profile"
    assert "'gorq'" in caught.value.message
    assert "groq" in caught.value.hint


def test_one_model_by_the_environment() -> None:
    settings = load(OPENAI_API_KEY="k", JUPYTER_SPARK_MODEL="mine")
    assert settings.for_tier("spark").models == ("mine",)
    assert settings.for_tier("deep").models == load().profiles["openai-deep"].models
    assert len(load(OPENAI_API_KEY="k").for_tier("spark").models) > 1


def test_with_model() -> None:
    before = load()
    after = with_model(before, "groq", "m")
    assert after.profile("groq").models == ("m",)
    assert before.profile("groq").models != ("m",)
    assert after.profile("openai") == before.profile("openai")
    with pytest.raises(ConfigError):
        with_model(before, "gorq", "m")


# --- files -----------------------------------------------------------------------------------------


def test_the_built_in_table() -> None:
    profiles = load().profiles
    assert {"openai", "openai-deep", "codex-spark", "cerebras", "groq", "openrouter", "azure"} <= set(profiles)
    assert {"ollama", "vllm", "lmstudio", "llama-server", "local"} <= set(profiles)
    for name, profile in profiles.items():
        assert profile.name == name
        assert profile.title
        assert profile.models
        assert profile.api == "local" or profile.base_url or profile.base_url_env
        assert set(profile.parameters) <= set(profile.accepts)
        assert profile.max_output_tokens < profile.context_tokens or profile.small


def test_a_file_adds_and_changes_profiles() -> None:
    settings = load(
        '[profiles.groq]\nmodels = ["m"]\n[profiles.mine]\napi = "chat"\nbase_url = "http://localhost:1/v1"\n'
        "[limits]\njournal_max_age_days = 3\n"
    )
    groq, before = settings.profile("groq"), load().profile("groq")
    assert groq.models == ("m",)
    assert groq == before.model_copy(update={"models": ("m",)})
    assert settings.profile("mine").base_url == "http://localhost:1/v1"
    assert settings.limits.journal_max_age_days == 3
    assert settings.limits.journal_max_bytes == 64_000_000
    assert [Path(file).name for file in settings.files] == ["given.toml"]
    assert load().limits.journal_max_age_days == 90


def test_files_win_in_the_order_of_jupyters_own_path(config_dir: Path, tmp_path: Path) -> None:
    first = tmp_path / "site"  # JUPYTER_CONFIG_PATH stands before the user's own directory
    first.mkdir()
    (config_dir / FILE_NAME).write_text(
        '[tiers]\nspark = "groq"\ndeep = "vllm"\n[profiles.x]\ntitle = "weak"\napi = "chat"\n', "utf-8"
    )
    (first / FILE_NAME).write_text('[tiers]\nspark = "ollama"\n[profiles.x]\napi = "responses"\n', "utf-8")
    settings = load_settings(env={})
    assert (settings.spark, settings.deep) == ("ollama", "vllm")
    assert (settings.profile("x").title, settings.profile("x").api) == ("weak", "responses")
    assert settings.files == (str(config_dir / FILE_NAME), str(first / FILE_NAME))


def test_a_given_file_is_read_instead(config_dir: Path) -> None:
    (config_dir / FILE_NAME).write_text('[tiers]\nspark = "groq"', "utf-8")
    assert load_settings(env={}).spark == "groq"
    assert load("").spark == "local"
    with pytest.raises(ConfigError, match="no settings file"):
        load_settings(config_dir / "absent.toml", {})


def test_the_processs_own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_SPARK_PROFILE", "vllm")
    monkeypatch.setenv("MINE", "k")
    assert load_settings().spark == "vllm"
    assert find_key(Profile(name="p", key_env=("MINE",))) == "k"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[tiers]\nspark = { profile = "groq", fallback = ["gorq"] }', "no profile 'gorq'"),
        ('[tiers]\nspark = { profile = "groq", fall = ["local"] }', "'fall'"),
        ('[tiers]\nspark = { fallback = "local" }', "'fallback'"),
        ("[turns]\nrace = 'perhaps'", "'race'"),
        ("[turns]\nracing = true", "'racing'"),
        ("[tiers", "cannot be read"),
        ("colour = 1", "unknown setting 'colour'"),
        ("tiers = 1", "'tiers' must be a table"),
        ("limits = []", "'limits' must be a table"),
        ('profiles = "x"', "'profiles' must be a table"),
        ("[profiles]\ngroq = 1", "'profiles.groq' must be a table"),
        ('[tiers]\nfast = "groq"', "Unknown tier 'fast'"),
        ("[profiles.groq]\ncolour = 1", "'colour'"),
        ('[profiles.groq]\napi = "smoke"', "'api'"),
        ("[profiles.groq]\ncontext_tokens = 0", "'context_tokens'"),
        ("[limits]\njournal_max_bytes = 10", "'journal_max_bytes'"),
        ("[limits]\njournal_max_age_days = 0", "'journal_max_age_days'"),
        ('[tiers]\nspark = "gorq"', "no profile 'gorq'"),
        ('[tiers]\ndeep = "gorq"', "no profile 'gorq'"),
        ("[tiers]\nspark = 1", "'spark'"),
        ('[tiers]\nspark = ["groq"]', "'spark'"),
        ('[profiles.mine]\nname = "x"', "name"),
    ],
)
def test_a_mistake_in_the_file_is_one_line(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert says in caught.value.message
    assert "\n" not in str(caught.value)
    assert caught.value.hint
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            '[tiers]\nspark = "groqq"',
            "There is no profile 'groqq' ([tiers] spark in {file}).",
            "Did you mean groq? Known",
        ),
        (
            '[tiers]\nspark = { profile = "groq", fallback = ["lokal"] }',
            "There is no profile 'lokal' (spark's fallback in {file}).",
            "Did you mean local? Known",
        ),
        ('[tiers]\nsprak = "groq"', "{file}: Unknown tier 'sprak'.", "Did you mean spark?"),
        ("[privcy]\nredact = true", "{file}: unknown setting 'privcy'.", "Did you mean privacy?"),
        (
            '[privacy]\nexclude = "secret"',
            "{file}: 'exclude' in [privacy] must be a list of texts, not 'secret'.",
            "Mend [privacy] in {file}.",
        ),
        ("[privacy]\nexclude = [1]", "{file}: 'exclude' in [privacy] must be a list of texts, not 1.", "Mend"),
        ("[privacy]\nexcludes = []", "{file}: [privacy] has no setting 'excludes'.", "Did you mean exclude? Known:"),
        (
            '[profiles.groq]\napi = "chatt"',
            "{file}: 'api' in [profiles.groq] must be one of responses, chat, local, scripted, not 'chatt'.",
            "Mend [profiles.groq] in {file}.",
        ),
        (
            "[profiles.groq]\nbase_ur = 'x'",
            "{file}: [profiles.groq] has no setting 'base_ur'.",
            "Did you mean base_url? Known: accepts,",
        ),
        (
            "[profiles.groq.deadlines]\nstall = 1",
            "{file}: [profiles.groq.deadlines] has no setting 'stall'.",
            "Did you mean stall_s?",
        ),
        (
            "[profiles.groq]\nkey_required = 'perhaps'",
            "{file}: 'key_required' in [profiles.groq] must be true or false, not 'perhaps'.",
            "Mend",
        ),
        (
            "[limits]\njournal_max_bytes = 10",
            "{file}: 'journal_max_bytes' in [limits] must be at least 100,000, not 10.",
            "Mend",
        ),
        ("[profiles.groq.prices]\ninput = 1", "{file}: [profiles.groq.prices] lacks the setting 'output'.", "Mend"),
    ],
)
def test_a_mistake_is_told_in_the_files_own_words(text: str, message: str, hint: str) -> None:
    file = str(Path(os.environ["JUPYTER_CONFIG_DIR"]).parent / "given.toml")
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert caught.value.message == message.format(file=file)
    assert caught.value.hint.startswith(hint.format(file=file))


def test_a_mistake_does_not_repeat_a_long_text() -> None:
    with pytest.raises(ConfigError) as caught:
        load("[profiles.groq]\nkey_env = 'sk-a-key-that-was-put-here'")
    assert "must be a list of texts, not a text" in caught.value.message
    assert "sk-" not in str(caught.value)


def test_of_two_files_the_one_that_says_it_is_named(config_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (config_dir / FILE_NAME).write_text('[tiers]\ndeep = "groqq"\n', "utf-8")
    (tmp_path / "site" / FILE_NAME).write_text('[tiers]\nspark = "groq"\n', "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(env={})
    assert f"([tiers] deep in {config_dir / FILE_NAME})" in caught.value.message


def test_the_limits_need_no_tier(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text('[tiers]\nspark = "groqq"\n[limits]\njournal_max_age_days = 3\n', "utf-8")
    assert load_limits(file).journal_max_age_days == 3


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"x\.toml cannot be read"):
        load_settings(file, {})


def test_a_mistake_in_the_environment_is_one_line() -> None:
    for name in ("JUPYTER_SPARK_PROFILE", "JUPYTER_SPARK_DEEP_PROFILE"):
        with pytest.raises(ConfigError, match=rf"no profile 'gorq' \({name}\)") as caught:
            load(**{name: "gorq"})
        assert caught.value.hint.startswith("Did you mean groq?")


# --- endpoints -------------------------------------------------------------------------------------


def test_an_address() -> None:
    profile = Profile(name="p", base_url="http://a/v1", base_url_env="P_URL")
    assert profile.endpoint({}) == profile.endpoint({"P_URL": ""}) == "http://a/v1"
    assert profile.endpoint({"P_URL": "https://b/v1"}) == "https://b/v1"
    assert Profile(name="p", base_url="http://a/v1").endpoint({"P_URL": "https://b/v1"}) == "http://a/v1"
    with pytest.raises(ConfigError, match="not an http") as caught:
        profile.endpoint({"P_URL": "b/v1"})
    assert "'p'" in caught.value.hint


def test_no_address() -> None:
    with pytest.raises(ConfigError, match="no address") as caught:
        Profile(name="p", base_url_env="P_URL", base_url_hint="http://x").endpoint({})
    assert caught.value.hint == "Set P_URL, e.g. to http://x"
    with pytest.raises(ConfigError) as caught:
        Profile(name="p").endpoint({})
    assert caught.value.hint.startswith("Set base_url,")


# --- keys ------------------------------------------------------------------------------------------

KEYED = Profile(name="p", key_env=("FIRST", "SECOND"))


def test_a_key_of_the_environment(stored_keys: MemoryKeyring) -> None:
    stored_keys.set_password("jupyter_spark", "FIRST", "stored")
    assert find_key(KEYED, {"FIRST": " one \n", "SECOND": "two"}) == "one"
    assert find_key(KEYED, {"FIRST": "  ", "SECOND": "two"}) == "two"
    assert find_key(KEYED, {"OTHER": "x"}) == "stored"


@pytest.mark.parametrize(
    ("key", "what"),
    [
        ("sk-te\nst", "a line break"),
        ("sk-te\r\nst", "a line break"),
        ("sk-te st", "a blank"),
        ("sk-te\tst", "a blank"),
        ("sk-te\u2013st", "a character that no key has"),
        ("sk-te\x00st", "a character that no key has"),
    ],
)
def test_a_key_that_cannot_be_one_is_refused_and_not_repeated(key: str, what: str, stored_keys: MemoryKeyring) -> None:
    stored_keys.set_password("jupyter_spark", "FIRST", key)
    for env, where in (({"FIRST": key}, "FIRST"), ({}, "the keyring")):
        with pytest.raises(AuthenticationError) as caught:
            find_key(KEYED, env)
        assert caught.value.code == "bad_key"
        assert caught.value.message == f"The key in {where} holds {what}: it was not sent."
        assert where in caught.value.hint
        assert "sk-te" not in str(caught.value)


def test_a_stored_key(stored_keys: MemoryKeyring) -> None:
    stored_keys.set_password("jupyter_spark", "SECOND", "stored")
    assert find_key(KEYED, {}) == "stored"
    assert find_key(Profile(name="p", key_env=("OTHER",), key_required=False), {}) is None


@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize("locked", [False, True])
def test_no_key(stored_keys: MemoryKeyring, locked: bool, api: str) -> None:
    stored_keys.locked = locked
    with pytest.raises(AuthenticationError) as caught:
        find_key(Profile(name="p", key_env=("FIRST", "SECOND"), api=api), {})  # type: ignore[arg-type]
    assert caught.value.code == "no_key"
    assert "FIRST or SECOND" in caught.value.hint
    assert "keyring set jupyter_spark" in caught.value.hint


def test_a_profile_of_ones_own_without_a_key_is_told_both_ways() -> None:
    with pytest.raises(AuthenticationError) as caught:
        find_key(Profile(name="mine", base_url="http://a/v1"), {})
    assert caught.value.hint == 'Set key_env = ["MY_KEY"] in [profiles.mine], or key_required = false.'


def test_no_key_and_none_needed() -> None:
    assert find_key(Profile(name="p", key_env=("FIRST",), key_required=False), {}) is None
    assert find_key(Profile(name="p", api="local"), {}) is None
    with pytest.raises(AuthenticationError, match="needs a key"):
        find_key(Profile(name="p"), {})


def test_no_setting_holds_a_key() -> None:
    assert "sk-secret" not in repr(load(OPENAI_API_KEY="sk-secret"))


# --- who answers instead ---------------------------------------------------------------------------


def test_a_tier_names_who_answers_instead() -> None:
    settings = load('[tiers]\nspark = { profile = "groq", fallback = ["cerebras", "groq", "local"] }')
    assert (settings.spark, settings.for_tier("spark").name) == ("groq", "groq")
    assert [profile.name for profile in settings.fallbacks("spark")] == ["cerebras", "local"]
    assert settings.fallbacks("deep") == ()


def test_a_profile_that_was_named_has_no_substitute() -> None:
    settings = load('[tiers]\nspark = { profile = "groq", fallback = ["local"] }')
    assert settings.fallbacks("spark", "ollama") == ()


def test_a_fallback_without_a_profile_is_behind_the_one_that_the_keys_choose() -> None:
    settings = load('[tiers]\nspark = { fallback = ["local"] }', GROQ_API_KEY="k")
    assert settings.spark == "groq"
    assert [profile.name for profile in settings.fallbacks("spark")] == ["local"]


def test_a_race_is_off_by_default() -> None:
    assert not load("").turns.race
    assert load("[turns]\nrace = true").turns.race


# --- keys in the keyring ---------------------------------------------------------------------------


def test_a_key_in_the_keyring_chooses_the_profile_unless_the_environment_or_a_tier_does(
    stored_keys: MemoryKeyring,
) -> None:
    assert load().spark == "local"
    stored_keys.passwords["jupyter_spark", "GROQ_API_KEY"] = "k"
    assert load().spark == "local"  # looked up once: a desktop's keyring may take its time
    forget_keyring()
    assert load().spark == "groq"
    assert load(OPENAI_API_KEY="k").spark == "openai"
    assert load('[tiers]\nspark = "cerebras"').spark == "cerebras"


def test_the_keyring_is_not_asked_where_the_profile_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(MemoryKeyring, "get_password", lambda _self, _service, name: asked.append(name))
    load(OPENAI_API_KEY="k")
    load('[tiers]\nspark = "cerebras"')
    load(JUPYTER_SPARK_PROFILE="local")
    assert asked == []
    load()
    assert asked == [key for key, _ in KEY_ORDER]

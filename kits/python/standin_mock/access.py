"""URLs and credentials of a namespace."""

from __future__ import annotations

from typing import Mapping

from .errors import StandinError


class _Access:
    """Reads variables of the environment that a namespace has."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def _variable(self, name: str) -> str:
        value = self._environment.get(name)
        if value is not None:
            return value
        if "_HTTPS_" in name and "STANDIN_HTTPS_URL" not in self._environment:
            raise StandinError(f"there is no `{name}`: the server has no https; pytest: `standin_tls = true`")
        raise StandinError(f"there is no `{name}`: the scenario has nothing for it")


class Bitrix24(_Access):
    """How a client calls Bitrix24."""

    @property
    def webhook_url(self) -> str:
        """URL of a webhook. The name of a method follows."""
        return self._variable("BITRIX24_WEBHOOK_URL")

    @property
    def rest_url(self) -> str:
        """URL of REST for a client with an access token."""
        return self._variable("BITRIX24_REST_URL")

    @property
    def access_token(self) -> str:
        """An access token."""
        return self._variable("BITRIX24_ACCESS_TOKEN")

    @property
    def refresh_token(self) -> str:
        """The refresh token of the access token."""
        return self._variable("BITRIX24_REFRESH_TOKEN")

    @property
    def client_id(self) -> str:
        """The ID of the application of the refresh token."""
        return self._variable("BITRIX24_CLIENT_ID")

    @property
    def client_secret(self) -> str:
        """The secret of the application of the refresh token."""
        return self._variable("BITRIX24_CLIENT_SECRET")

    @property
    def token_url(self) -> str:
        """Where the refresh token is exchanged for a new pair."""
        return self._variable("BITRIX24_TOKEN_URL")

    @property
    def application_token(self) -> str:
        """By this token events are recognised as genuine."""
        return self._variable("BITRIX24_APPLICATION_TOKEN")

    @property
    def member_id(self) -> str:
        """The identifier of the portal in events."""
        return self._variable("BITRIX24_MEMBER_ID")

    @property
    def https_webhook_url(self) -> str:
        """`webhook_url` over https."""
        return self._variable("BITRIX24_HTTPS_WEBHOOK_URL")

    @property
    def https_rest_url(self) -> str:
        """`rest_url` over https."""
        return self._variable("BITRIX24_HTTPS_REST_URL")

    @property
    def https_token_url(self) -> str:
        """`token_url` over https."""
        return self._variable("BITRIX24_HTTPS_TOKEN_URL")


class Chert(_Access):
    """How a client calls Chert."""

    @property
    def base_url(self) -> str:
        """Base URL, with the version."""
        return self._variable("CHERT_BASE_URL")

    @property
    def tenant(self) -> str:
        """Slug of the first tenant that may call."""
        return self._variable("CHERT_TENANT")

    @property
    def signing_secret(self) -> str:
        """The secret of the tenant. It signs requests, and is the bearer token."""
        return self._variable("CHERT_SIGNING_SECRET")

    @property
    def webhook_secret(self) -> str:
        """The secret of the first webhook of the scenario. It signs deliveries."""
        return self._variable("CHERT_WEBHOOK_SECRET")

    @property
    def https_base_url(self) -> str:
        """`base_url` over https."""
        return self._variable("CHERT_HTTPS_BASE_URL")

"""How to reach the MQTT broker, and a client set up for it, for every room that needs one."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from telemetry.paho_hooks import end_well

if TYPE_CHECKING:
    from paho.mqtt.client import Client

    from telemetry.certificates import Certificates


class Tls(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """TLS towards the broker: paths of PEM files.

    Parameters
    ----------
    ca
        Certificate authority the broker's certificate must descend from; empty for the system's own list.
    certificate, key
        This client's certificate and private key, when the broker asks for one.
    """

    ca: str = ""
    certificate: str = ""
    key: str = ""


class Broker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the broker is and who we are to it.

    Parameters
    ----------
    host, port
        Its address.
    username, password
        Credentials; empty for none.
    tls
        Set (even to ``{}``) to speak TLS.
    protocol
        MQTT version. The embedded broker speaks 3.1.1 only; mosquitto both.
    keepalive_s
        Longest silence before a ping [s]. A dead broker is noticed after two of these; the broker notices after one and
        a half that we are gone.
    """

    host: str = "127.0.0.1"
    port: int = 1883
    username: str = ""
    password: str = ""
    tls: Tls | None = None
    protocol: Literal["3.1.1", "5"] = "3.1.1"
    keepalive_s: int = 20

    @property
    def url(self) -> str:
        """The address for people; without the password."""
        scheme = "mqtts" if self.tls is not None else "mqtt"
        user = f"{self.username}@" if self.username else ""
        return f"{scheme}://{user}{self.host}:{self.port}"


def new_client(
    broker: Broker,
    client_id: str,
    *,
    manual_ack: bool = False,
    clean: bool = False,
    certificates: Certificates | None = None,
) -> Client:
    """Build an unconnected paho client; its session outlives a lost connection unless it is `clean`.

    Parameters
    ----------
    broker
        Where it will connect.
    client_id
        Stable identity; the broker keeps the session under it.
    manual_ack
        Leave the acknowledgement of QoS 1 messages to the caller (``client.ack``).
    clean
        Ask the broker to forget the session when the connection ends: for listeners that need retained messages only.
    certificates
        The broker's TLS settings as a context, when the caller renews them; else they are read here.

    Raises
    ------
    CertificateError
        When a certificate file cannot be read, or holds no usable certificate or key.
    """
    import paho.mqtt.client as paho  # noqa: PLC0415 - rooms that never speak MQTT need no paho
    from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415

    version = paho.MQTTv5 if broker.protocol == "5" else paho.MQTTv311
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=clean if version == paho.MQTTv311 else None,
        protocol=version,
        manual_ack=manual_ack,
    )
    if broker.username:
        client.username_pw_set(broker.username, broker.password)
    if broker.tls is not None:
        from telemetry.certificates import Certificates  # noqa: PLC0415 - it reads the settings defined here

        client.tls_set_context((certificates or Certificates(broker.tls)).context)
    client.reconnect_delay_set(min_delay=1, max_delay=30)
    client.on_socket_open = _send_at_once
    end_well(client)
    return client


def _send_at_once(_client: Client, _data: Any, connection: Any) -> None:
    """Without this, a small packet waits up to 40 ms for the peer's delayed TCP acknowledgement of the one before."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def connect(client: Client, broker: Broker, session_expiry_s: int) -> None:
    """Have a client connect once its loop runs, and take its lasting session up again.

    Parameters
    ----------
    client, broker
        Which, and where.
    session_expiry_s
        How long an MQTT 5 broker keeps the session while the client is away [s]; MQTT 3.1.1 has no such limit.
    """
    if broker.protocol != "5":
        client.connect_async(broker.host, broker.port, broker.keepalive_s)
        return
    from paho.mqtt.packettypes import PacketTypes  # noqa: PLC0415 - as above
    from paho.mqtt.properties import Properties  # noqa: PLC0415

    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = session_expiry_s
    client.connect_async(broker.host, broker.port, broker.keepalive_s, clean_start=False, properties=properties)


def disconnect(client: Client, broker: Broker, *, keep_will: bool) -> None:
    """Have a client leave its broker.

    Parameters
    ----------
    client, broker
        Which, and where.
    keep_will
        Whether the broker shall publish the last will all the same. One of MQTT 3.1.1 only does so when the connection
        breaks; but there nothing overtakes what was published before.
    """
    if broker.protocol != "5" or not keep_will:
        client.disconnect()
        return
    from paho.mqtt.packettypes import PacketTypes  # noqa: PLC0415 - as above
    from paho.mqtt.reasoncodes import ReasonCode  # noqa: PLC0415

    client.disconnect(ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message"))

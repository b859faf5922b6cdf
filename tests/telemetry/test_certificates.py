"""Certificate files that cannot be used are refused with a sentence, at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from telemetry import Tls
from telemetry.certificates import Certificates
from telemetry.errors import CertificateError
from tests.test_mqtt_tls import Authority


def test_a_key_that_is_encrypted_is_refused_without_asking_anybody_for_its_password(tmp_path: Path) -> None:
    certificate, key = Authority(tmp_path, "authority").issue("client", ExtendedKeyUsageOID.CLIENT_AUTH)
    Certificates(Tls(certificate=str(certificate), key=str(key)))
    key.write_bytes(
        serialization.load_pem_private_key(key.read_bytes(), None).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(CertificateError, match=r"client\.key: the key is encrypted"):
        Certificates(Tls(certificate=str(certificate), key=str(key)))

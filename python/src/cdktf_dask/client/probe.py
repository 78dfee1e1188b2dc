"""Whether a scheduler answers at an address. Dask itself retries, and reports only a timeout."""

import socket
import ssl
from threading import Thread


class NoAnswer(Exception):
    """Why no scheduler answers, for a sentence."""


class Rejected(Exception):
    """Why scheduler or client do not accept the certificate of the other, for a sentence."""


def probe(host: str, port: int, context: ssl.SSLContext | None, seconds: float) -> None:
    """Wait for the first byte, which a Dask listener sends.

    Args:
        host: Name or IP address.
        port: Port of the scheduler.
        context: TLS of the client; None without TLS.
        seconds: Time for each step: name, connection, TLS, first byte.

    Raises:
        NoAnswer: nothing answers as a scheduler does.
        Rejected: scheduler or client reject a certificate.
    """
    where = f"{host}:{port}"
    try:
        with socket.create_connection((resolve(host, seconds), port), seconds) as plain:
            _first_byte(plain, host, context)
    except ssl.SSLCertVerificationError as error:
        raise Rejected(f"the CA of the client bundle did not sign the certificate of {where}") from error
    except ssl.SSLError as error:
        if "ALERT" in (error.reason or ""):
            alert = str(error.reason).lower().replace("_", " ")
            raise Rejected(f"{where} rejects the client's certificate ({alert})") from error
        raise NoAnswer(f"{where} does not speak TLS") from error
    except TimeoutError as error:
        raise NoAnswer(f"{where} does not answer within {seconds:g} s") from error
    except ConnectionRefusedError as error:
        raise NoAnswer(f"nothing listens on {where}") from error
    except OSError as error:
        raise NoAnswer(f"{where} cannot be reached ({error.strerror or error})") from error


def resolve(host: str, seconds: float) -> str:
    """Return the IP address of a name, IPv4 if it has one, because Dask listens on IPv4.

    Raises:
        OSError: the name has no address, or no DNS server answers in time.
    """
    found: list[str] = []
    errors: list[OSError] = []

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            found.extend(str(a[4][0]) for a in sorted(answers, key=lambda a: a[0] != socket.AF_INET))
        except OSError as error:
            errors.append(error)

    # The resolver has its own timeouts, which are longer.
    thread = Thread(target=ask, name=f"resolve-{host}", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not found:
        raise TimeoutError
    return found[0]


def _first_byte(plain: socket.socket, host: str, context: ssl.SSLContext | None) -> None:
    connection = context.wrap_socket(plain, server_hostname=host) if context else plain
    try:
        if not connection.recv(1):
            raise ConnectionResetError(0, "it closed the connection")
    finally:
        connection.close()

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# certs.sh - a test CA and what it signed: sh tests/registry/certs.sh DIRECTORY
#
#   ca.crt                    the authority
#   server.pem                key and certificate for localhost, 127.0.0.1 and ::1
#   other.pem                 the same for other.test only: the wrong host name
#   old.pem                   for localhost, expired
#   client.cert, client.key   a client certificate
set -eu
cd "$1"
exec 2>openssl.log

# -ecparam is older than -newkey ec:curve and works with every openssl
key()
{
	openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
}

# sign NAME SUBJECT EXTENSIONS DAYS
sign()
{
	key "$1"
	openssl req -new -key "$1.key" -subj "/CN=$2" -out "$1.csr"
	printf '%s\n' "$3" >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days "$4" -extfile "$1.ext" -out "$1.cert"
	cat "$1.key" "$1.cert" >"$1.pem"
	rm -f "$1.csr" "$1.ext"
}

key ca
openssl req -x509 -new -key ca.key -subj '/CN=test authority' -days 2 -out ca.crt
sign server localhost 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1' 2
sign other other.test 'subjectAltName=DNS:other.test' 2
sign client 'a client' 'extendedKeyUsage=clientAuth' 2
# -days 0 is over at once
sign old localhost 'subjectAltName=DNS:localhost,IP:127.0.0.1' 0

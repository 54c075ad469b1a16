#!/bin/sh
# Makes certificates for tests in a directory: ca, server (for localhost, 127.0.0.1 and clinic.example), hub (a client), and for
# failures: other-ca with stranger (a client nobody trusts), wrong-host, expired, soon and hub-soon (which end in 20 days), and encrypted.key.
#
#     certificates.sh DIRECTORY
set -eu
umask 077
mkdir -p "$1"
cd "$1"

authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=$1" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
        -keyout "$1.key" -out "$1.pem" 2>/dev/null
}

# signed NAME AUTHORITY DAYS EXTENSIONS
signed() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" \
        2>/dev/null
    printf '%s\n' "$4" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days "$3" -extfile "$1.ext" \
        -out "$1.pem" 2>/dev/null
}

local="subjectAltName=DNS:localhost,DNS:clinic.example,IP:127.0.0.1"
authority ca
authority other-ca
signed server ca 3650 "$local"
signed hub ca 3650 "extendedKeyUsage=clientAuth"
signed stranger other-ca 3650 "extendedKeyUsage=clientAuth"
signed wrong-host ca 3650 "subjectAltName=DNS:elsewhere.example"
signed expired ca -1 "$local"
signed soon ca 20 "$local"
signed hub-soon ca 20 "extendedKeyUsage=clientAuth"
openssl ec -in hub.key -aes256 -passout pass:secret -out encrypted.key 2>/dev/null
rm -f ./*.csr ./*.ext ./*.srl

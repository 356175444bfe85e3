#!/bin/sh
# Makes a certificate authority for trying things out, and certificates of it for nodes. Not for production: the authority's key lies about unprotected.
#
#   docker/dev-ca.sh FOLDER NODE[=NAME,NAME...] ...
#
#   docker/dev-ca.sh certs node1=node1,127.0.0.1 node2=node2,127.0.0.1
#
# makes certs/ca.crt (once), and certs/node1.crt with certs/node1.key, valid for the names and addresses given (without any: for the node's own name),
# both as server and as client. Existing nodes' certificates are made anew, the authority is kept.
#   CPORT__Cluster__Tls__CertificatePath=certs/node1.crt CPORT__Cluster__Tls__KeyPath=certs/node1.key CPORT__Cluster__Tls__CaPath=certs/ca.crt
set -eu

if [ $# -lt 2 ]; then
  sed -n '2,12s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi

folder=$1
shift
mkdir -p "$folder"
umask 077

if [ ! -f "$folder/ca.key" ]; then
  openssl ecparam -name prime256v1 -genkey -noout -out "$folder/ca.key"
  openssl req -x509 -new -sha256 -key "$folder/ca.key" -days 825 -subj "/CN=CPort development CA $(date +%s)" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" -out "$folder/ca.crt"
fi

for node in "$@"; do
  name=${node%%=*}
  names=${node#*=}
  san=
  for each in $(printf '%s' "$names" | tr ',' ' '); do
    case $each in
      *:* | [0-9]*.[0-9]*.[0-9]*.[0-9]*) san="$san,IP:$each" ;;
      *) san="$san,DNS:$each" ;;
    esac
  done

  openssl ecparam -name prime256v1 -genkey -noout -out "$folder/$name.key"
  openssl req -new -sha256 -key "$folder/$name.key" -subj "/CN=$name" -out "$folder/$name.csr"
  cat >"$folder/$name.ext" <<END
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth,clientAuth
subjectAltName=${san#,}
END
  openssl x509 -req -sha256 -in "$folder/$name.csr" -CA "$folder/ca.crt" -CAkey "$folder/ca.key" -CAcreateserial -days 397 \
    -extfile "$folder/$name.ext" -out "$folder/$name.crt" 2>/dev/null
  rm -f "$folder/$name.csr" "$folder/$name.ext"
  echo "$folder/$name.crt: ${san#,}"
done

#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
#   namespaces.sh EXAMPLE
#
# Runs the server and two clients of EXAMPLE in three network namespaces, which
# have nothing in common but two cables; everything is gone with this process.
# It needs the right to make namespaces: see namespaces_test.cc.
set -euo pipefail
example=$1 port=7077 key=$RANDOM$RANDOM

hosts=()
new_host() {
  unshare -n sleep 600 &
  hosts+=($!)
  until [[ $(readlink "/proc/$!/ns/net") != $(readlink /proc/self/ns/net) ]]; do
    kill -0 $!
  done
  nsenter -t $! -n ip link set lo up
}
trap 'kill "${hosts[@]}"' EXIT

on() {
  local host=${hosts[$1]}
  shift
  KEY=$key nsenter -t "$host" -n "$@"
}

new_host
for client in 1 2; do
  new_host
  ip link add "s$client" netns "${hosts[0]}" type veth \
    peer name "c$client" netns "${hosts[$client]}"
  on 0 ip addr add "10.77.$client.1/24" dev "s$client"
  on 0 ip link set "s$client" up
  on $client ip addr add "10.77.$client.2/24" dev "c$client"
  on $client ip link set "c$client" up
done

on 0 "$example" serve "tcp://0.0.0.0:$port" &
server=$!
# Each of them comes from another host, and knows another address.
workers=()
for client in 1 2; do
  until on $client "$example" work "tcp://10.77.$client.1:$port" 2>/dev/null; do
    kill -0 $server 2>/dev/null || break
  done &
  workers+=($!)
done
wait $server
for worker in "${workers[@]}"; do
  wait "$worker"
done

#!/usr/bin/env bash
# curl and a loop: the least that resumes. Usage: curl.sh URL TOKEN
set -u
last=0 retry=1000 event='' data=''

while :; do
    while IFS= read -r line; do
        case $line in
            'retry: '*) retry=${line#retry: } ;;
            'event: '*) event=${line#event: } ;;
            'data: '*) data=${line#data: } ;;
            'id: '*) last=${line#id: } ;;
            '') [ -z "$data" ] || printf '{"event":"%s","id":"%s","data":%s}\n' "$event" "$last" "$data"
                event='' data='' ;;
        esac
    done < <(exec curl -sN -H "authorization: Bearer $2" -H "last-event-id: $last" "$1")
    sleep "$((retry / 1000)).$(printf '%03d' "$((retry % 1000))")"
done

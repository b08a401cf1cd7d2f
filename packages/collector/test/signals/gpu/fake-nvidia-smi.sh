#!/bin/sh
# Stands in for nvidia-smi: answers from the files beside it, or fails or hangs as they say.
here=$(dirname "$0")
echo "$*" >> "$here/asked"
if [ -e "$here/hang" ]; then exec sleep 600; fi
if [ -e "$here/flood" ]; then exec yes 'a line that never ends'; fi
if [ -e "$here/failed" ]; then cat "$here/failed"; exit 9; fi
case "$1" in
  --query-gpu=index,uuid,*) cat "$here/gpus.csv" ;;
  --query-compute-apps=pid,gpu_uuid,*) cat "$here/apps.csv" ;;
  *) echo "Invalid combination of input arguments."; exit 2 ;;
esac

# shellcheck shell=bash
# bash completion for dhcplab: commands, options, labs, profiles, the hosts of the running labs and what they are told.

# The folder of the running labs.
_dhcplab_run() {
  local run=${DHCPLAB_RUN:-}
  if [[ ! $run ]]; then
    if ((EUID == 0)); then
      run=/run/dhcplab
    elif [[ -d ${XDG_RUNTIME_DIR:-/nonexistent} ]]; then
      run=$XDG_RUNTIME_DIR/dhcplab
    else
      run=/tmp/dhcplab-$UID
    fi
  fi
  printf '%s\n' "$run"
}

_dhcplab_hosts() {
  # Every line of a lab.json that has a host's name is followed by its role.
  sed -n '/"name":/{N;/"role":/s/.*"name":[[:space:]]*"\([^"]*\)".*/\1/p}' "$(_dhcplab_run)"/*/lab.json 2>/dev/null
}

# The names of the running labs.
_dhcplab_names() {
  local file
  for file in "$(_dhcplab_run)"/*/lab.json; do
    [[ -e $file ]] && basename "$(dirname "$file")"
  done
}

# _dhcplab_shipped FOLDER: the names of the JSON files that come with the program.
_dhcplab_shipped() {
  local program place file
  program=$(type -P dhcplab) || return 0
  program=$(dirname "$(readlink -f "$program")")
  for place in "$program/../../config" "$program/../share/dhcplab"; do
    for file in "$place/$1"/*.json; do
      [[ -e $file && $file != *.schema.json ]] && basename "$file" .json
    done
  done
}

# _dhcplab_told HOST: the commands that the program of the host knows, as it tells itself.
_dhcplab_told() {
  dhcplab command "$1" list-commands 2>/dev/null | sed -n 's/.*"arguments"://p' | grep -o '[a-z][a-z0-9-]*'
}

_dhcplab() {
  local commands='up ps status timers release renew rebind decline inform restart leases clock events log capture explain tour timeline load command exec down run relay sweep replay'
  local current=${COMP_WORDS[COMP_CWORD]} command='' options='--help --name' words='' at=0 i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
    -n | --name) ((i++)) ;;
    -*) ;;
    *)
      command=${COMP_WORDS[i]} at=$i
      break
      ;;
    esac
  done
  case $command in
  '') words=$commands options='--help --version --name' ;;
  up) options+=' --timeout --no-wait' words=$(_dhcplab_shipped labs; compgen -f -- "$current") ;;
  ps) options+=' --json' ;;
  status | leases | release | decline | events) options+=' --json' words=$(_dhcplab_hosts) ;;
  clock)
    options+=' --json'
    if ((COMP_CWORD == at + 1)); then
      words='advance scale'
    fi
    ;;
  timers) options+=' --json --watch' words=$(_dhcplab_hosts) ;;
  renew | rebind | inform) options+=' --json --timeout' words=$(_dhcplab_hosts) ;;
  restart) options+=' --timeout' words=$(_dhcplab_hosts) ;;
  log) options+=' --follow --json --ladder' words=$(_dhcplab_hosts) ;;
  capture)
    options+=' --duration --count'
    if ((COMP_CWORD == at + 1)); then words=$(compgen -f -- "$current"); else words=$(_dhcplab_hosts); fi
    ;;
  explain) options='--help --packet --bytes --teach --json --ladder --svg --exchanges --count --limit' words=$(compgen -f -- "$current") ;;
  tour) options='--help --teach --json --keep' words=$(compgen -f -- "$current") ;;
  replay) options+=' --to --pace --map-mac --diff --timeout --virtual --topology --json' words=$(compgen -f -- "$current") ;;
  timeline) options='--help --lease --t1 --t2 --profile --no-server --until --seed --all --json' ;;
  load) options='--help --server --local --relays --segments --busy-poll --interface --window --rate --clients --mix --preload --duration
    --exchanges --drop-time --seed --pool --progress --json' ;;
  run) options='--help --virtual --veth --parity --seed --only-faults --trace --pcap --json' words=$(_dhcplab_shipped scenarios; compgen -f -- "$current") ;;
  relay) options='--help --node --trace --clock' ;;
  sweep) options='--help --seeds --jobs' words=$(_dhcplab_shipped scenarios; compgen -f -- "$current") ;;
  command)
    if ((COMP_CWORD == at + 1)); then
      words=$(_dhcplab_hosts)
    elif ((COMP_CWORD == at + 2)); then
      words=$(_dhcplab_told "${COMP_WORDS[at + 1]}")
    fi
    ;;
  exec) words=$(_dhcplab_hosts) ;;
  help) words=$commands ;;
  down) options+=' --all' words=$(_dhcplab_names) ;;
  esac
  case ${COMP_WORDS[COMP_CWORD - 1]} in
  -n | --name) words=$(_dhcplab_names) ;;
  --topology) words=$(_dhcplab_shipped labs; compgen -f -- "$current") ;;
  --to) words=$(_dhcplab_hosts) ;;
  --pace) words='real fast' ;;
  --profile) words=$(_dhcplab_shipped profiles) ;;
  esac
  [[ $current == -* ]] && words=$options
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _dhcplab dhcplab

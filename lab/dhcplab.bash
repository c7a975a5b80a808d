# shellcheck shell=bash
# bash completion for dhcplab: commands, options, and the hosts of the running labs.

_dhcplab_hosts() {
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
  # Every line of a lab.json that has a host's name is followed by its role.
  sed -n '/"name":/{N;/"role":/s/.*"name":[[:space:]]*"\([^"]*\)".*/\1/p}' "$run"/*/lab.json 2>/dev/null
}

_dhcplab() {
  local commands='up ps status timers release renew rebind decline inform restart leases events log explain timeline load command exec down run sweep'
  local current=${COMP_WORDS[COMP_CWORD]} command='' options='--help --name' words='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
    -n | --name) ((i++)) ;;
    -*) ;;
    *)
      command=${COMP_WORDS[i]}
      break
      ;;
    esac
  done
  case $command in
  '') words=$commands options='--help --version --name' ;;
  up) options+=' --timeout --no-wait' words=$(compgen -f -- "$current") ;;
  ps) options+=' --json' ;;
  status | leases | release | decline | events) options+=' --json' words=$(_dhcplab_hosts) ;;
  timers) options+=' --json --watch' words=$(_dhcplab_hosts) ;;
  renew | rebind | inform) options+=' --json --timeout' words=$(_dhcplab_hosts) ;;
  restart) options+=' --timeout' words=$(_dhcplab_hosts) ;;
  log) options+=' --follow --json --ladder' words=$(_dhcplab_hosts) ;;
  explain) options='--help --packet --bytes --teach --json --ladder --exchanges' words=$(compgen -f -- "$current") ;;
  timeline) options='--help --lease --t1 --t2 --profile --no-server --until --seed --all --json' ;;
  load) options='--help --server --local --relays --interface --window --rate --clients --mix --preload --duration
    --exchanges --drop-time --seed --pool --progress --json' ;;
  run) options='--help --virtual --seed --only-faults --trace --pcap --json' words=$(compgen -f -- "$current") ;;
  sweep) options='--help --seeds --jobs' words=$(compgen -f -- "$current") ;;
  command | exec) words=$(_dhcplab_hosts) ;;
  down) options+=' --all' ;;
  esac
  [[ $current == -* ]] && words=$options
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _dhcplab dhcplab

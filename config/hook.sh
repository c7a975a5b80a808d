#!/bin/sh
# An example of a hook script for `dhcplab-client --hook`. It is run for each transition; everything that it is told stands in
# its environment, under the names that dhcpcd uses. Values come from the network: quote them, and never give them to eval.
#
#   reason       PREINIT BOUND RENEW REBIND REBOOT TIMEOUT INFORM EXPIRE NAK RELEASE STOP FAIL V6ONLY NOCARRIER CARRIER
#   interface    eth0
#   ifcarrier    up or down; ifmtu: the MTU
#   if_up        true while there is a configuration, else false
#   new_*        the lease: new_ip_address, new_subnet_cidr, new_routers, new_domain_name_servers, new_dhcp_lease_time, ...
#   old_*        the lease before, under the same names
# shellcheck disable=SC2154 # all of them come from the environment
case $reason in
BOUND | RENEW | REBIND | REBOOT | TIMEOUT)
  logger -t dhcplab-hook "$interface: $reason: ${new_ip_address}/${new_subnet_cidr} from ${new_dhcp_server_identifier:-a saved lease}"
  if [ "${old_ip_address:-}" != "" ] && [ "$old_ip_address" != "$new_ip_address" ]; then
    logger -t dhcplab-hook "$interface: the address was $old_ip_address before"
  fi
  ;;
EXPIRE | NAK | RELEASE | STOP)
  logger -t dhcplab-hook "$interface: $reason: ${old_ip_address:-no address} is gone"
  ;;
INFORM | FAIL | V6ONLY | PREINIT | NOCARRIER | CARRIER)
  logger -t dhcplab-hook "$interface: $reason"
  ;;
esac

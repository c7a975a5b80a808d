/* The other end of the control socket: `dhcplab-client --control PATH COMMAND` tells a client that runs. */
#pragma once

/* Sends the command and prints the answer: what was asked for as JSON, the sentence of what was done or has
 * failed; for `events` one line for each, until the client ends. `arguments` is a JSON map, or NULL. Returns
 * the exit code: 0; 3 if there was nothing to do it to (result 3); 1 if it failed or the client does not
 * answer; 2 if `arguments` is no map. What is wrong is told on standard error. */
int cli_remote_run(const char *path, const char *command, const char *arguments);

/* Where this program is. */
#pragma once
#include <stddef.h>

/* The folder of this program, where dhcplab-server and dhcplab-client are too. To be asked before the process
 * changes its namespaces: in a chroot the kernel's answer is another one afterwards. 0 or ERR_IO. */
int own_folder(char *out, size_t cap);

/* Hexadecimal digits of either case as values. Pure. */
#pragma once

int hex_digit(char c); /* 0 to 15; -1: it is none */
/* The octet that the two digits at `text` are; -1: they are not two. A NUL ends the text. */
int hex_octet(const char *text);

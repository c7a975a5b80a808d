/* Long lines on a narrow terminal. Values in, text out. */
#pragma once

/* Breaks the indented lines of `text`, such as the options of a message, at spaces so that they fit `width`
 * columns; what follows stands under the value that it belongs to. A word that is too long is broken where
 * the line ends. Lines that are not indented stay as they are, as do all for width 0. Colours take no room.
 * malloc'ed, the caller frees; NULL if memory is out. */
char *wrap_text(const char *text, unsigned width);

/* Breaks one line likewise, whatever it starts with; what follows is indented by so much, or by less where
 * the width leaves no room. malloc'ed, the caller frees; NULL if memory is out. */
char *wrap_line(const char *line, unsigned indent, unsigned width);

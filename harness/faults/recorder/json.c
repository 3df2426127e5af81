/* Strings as JSON. Paths are bytes: what is not UTF-8 becomes the replacement character. */
#include <string.h>
#include "recorder.h"

/* How many bytes the character that starts here has; 0 when it is none. */
static size_t character(const unsigned char *text)
{
	static const struct { unsigned char mask, value; unsigned lowest; } forms[] = {
		{ 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 },
	};
	for (size_t length = 1; length <= 4; length++) {
		unsigned value = text[0] & (unsigned char)~forms[length - 1].mask;
		if ((text[0] & forms[length - 1].mask) != forms[length - 1].value) continue;
		for (size_t i = 1; i < length; i++) {
			if ((text[i] & 0xc0) != 0x80) return 0;
			value = value << 6 | (text[i] & 0x3f);
		}
		bool wrong = value < forms[length - 1].lowest || value > 0x10ffff || (value >= 0xd800 && value < 0xe000);
		return wrong ? 0 : length;
	}
	return 0;
}

/* How many of the next bytes stand for themselves. */
static size_t plain(const unsigned char *text)
{
	size_t length = 0;
	while (text[length] >= 0x20 && text[length] < 0x80 && text[length] != '"' && text[length] != '\\') length++;
	return length;
}

/* Writes the text with its quotation marks. */
void json_string(FILE *stream, const char *text)
{
	fputc('"', stream);
	for (const unsigned char *at = (const unsigned char *)text; *at != '\0';) {
		size_t run = plain(at); /* paths have little else */
		if (run > 0) {
			fwrite(at, 1, run, stream);
			at += run;
			continue;
		}
		size_t length = character(at);
		if (length == 0) fputs("\\ufffd", stream);
		else if (*at < 0x20) fprintf(stream, "\\u%04x", *at);
		else if (*at == '"' || *at == '\\') fprintf(stream, "\\%c", *at);
		else fwrite(at, 1, length, stream);
		at += length == 0 ? 1 : length;
	}
	fputc('"', stream);
}

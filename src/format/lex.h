/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lex.h - tokens inside the {{ }} of a template; private to format */
#ifndef CORACLE_FORMAT_LEX_H
#define CORACLE_FORMAT_LEX_H

#include "coracle/base/error.h"

enum token_type {
	TOKEN_ERROR, /* err is filled */
	TOKEN_CLOSE, /* "}}" or " -}}" */
	TOKEN_SPACE,
	TOKEN_DOT,
	TOKEN_FIELD,    /* with its dot */
	TOKEN_VARIABLE, /* with its dollar; "$" too */
	TOKEN_WORD,
	TOKEN_NUMBER,
	TOKEN_CHARACTER,
	TOKEN_STRING, /* with its quotes */
	TOKEN_RAW,
	TOKEN_PIPE,
	TOKEN_COMMA,
	TOKEN_DECLARE,
	TOKEN_ASSIGN,
	TOKEN_LEFT,
	TOKEN_RIGHT,
};

struct token {
	enum token_type type;
	size_t begin, length;
	bool trim; /* CLOSE: " -}}" */
};

/* lex_next - the token at "at"; at the end of the text the action is not closed, an error */
struct token lex_next(const char *text, size_t at, struct error *err);
/* lex_open - whether "{{" is at "at"; sets its length, with "- " of a trim marker, and trim */
bool lex_open(const char *text, size_t at, size_t *length, bool *trim);
/* lex_is_space - blank, tab, carriage return, newline */
bool lex_is_space(char c);

#endif

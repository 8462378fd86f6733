/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/fmt.h"

#include "base/types.h"

struct sink {
	char *buf;
	size_t size;
	size_t len;
};

struct spec {
	bool zero;
	bool left;
	unsigned width;
	bool has_precision;
	size_t precision;
	int longs; /* 0 int, 1 long (and size_t), 2 long long */
};

static void put(struct sink *s, char c)
{
	if (s->len + 1 < s->size)
		s->buf[s->len++] = c;
}

static void pad(struct sink *s, char c, unsigned width, size_t used)
{
	for (; used < width; used++)
		put(s, c);
}

static void put_string(struct sink *s, const struct spec *sp, const char *text)
{
	size_t n = 0;

	if (!text)
		text = "(null)";
	while ((!sp->has_precision || n < sp->precision) && text[n])
		n++;
	if (!sp->left)
		pad(s, ' ', sp->width, n);
	for (size_t i = 0; i < n; i++)
		put(s, text[i]);
	if (sp->left)
		pad(s, ' ', sp->width, n);
}

static void put_number(struct sink *s, const struct spec *sp, unsigned long long v, bool negative,
		       unsigned base)
{
	char digits[24];
	size_t n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	if (negative && sp->zero)
		put(s, '-');
	if (!sp->left)
		pad(s, sp->zero ? '0' : ' ', sp->width, n + negative);
	if (negative && !sp->zero)
		put(s, '-');
	for (size_t i = n; i-- > 0;)
		put(s, digits[i]);
	if (sp->left)
		pad(s, ' ', sp->width, n + negative);
}

static const char *parse_flags(struct spec *sp, const char *f)
{
	for (;; f++) {
		if (*f == '0')
			sp->zero = true;
		else if (*f == '-')
			sp->left = true;
		else
			return f;
	}
}

static const char *parse_length(struct spec *sp, const char *f)
{
	for (;; f++) {
		if (*f == 'l')
			sp->longs++;
		else if (*f == 'z')
			sp->longs = sizeof(size_t) == sizeof(int) ? 0 : 1;
		else if (*f != 'h')
			return f;
	}
}

static unsigned long long take_unsigned(const struct spec *sp, va_list *ap)
{
	if (sp->longs >= 2)
		return va_arg(*ap, unsigned long long);
	return sp->longs ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned int);
}

static long long take_signed(const struct spec *sp, va_list *ap)
{
	if (sp->longs >= 2)
		return va_arg(*ap, long long);
	return sp->longs ? va_arg(*ap, long) : va_arg(*ap, int);
}

static const char *put_conversion(struct sink *s, const char *f, va_list *ap)
{
	struct spec sp = { .width = 0 };
	long long v;

	f = parse_flags(&sp, f);
	while (*f >= '0' && *f <= '9')
		sp.width = sp.width * 10 + (unsigned)(*f++ - '0');
	if (*f == '.') {
		sp.has_precision = true;
		if (*++f == '*') {
			int n = va_arg(*ap, int);
			sp.precision = n < 0 ? 0 : (size_t)n;
			f++;
		}
		while (*f >= '0' && *f <= '9')
			sp.precision = sp.precision * 10 + (size_t)(*f++ - '0');
	}
	f = parse_length(&sp, f);
	switch (*f) {
	case 's': put_string(s, &sp, va_arg(*ap, const char *)); break;
	case 'c': put(s, (char)va_arg(*ap, int)); break;
	case 'd':
	case 'i':
		v = take_signed(&sp, ap);
		put_number(s, &sp, v < 0 ? 0 - (unsigned long long)v : (unsigned long long)v, v < 0,
			   10);
		break;
	case 'u': put_number(s, &sp, take_unsigned(&sp, ap), false, 10); break;
	case 'x': put_number(s, &sp, take_unsigned(&sp, ap), false, 16); break;
	case '\0': return f;
	default: put(s, *f);
	}
	return f + 1;
}

size_t da_vfmt(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct sink s = { .buf = buf, .size = size };
	va_list copy;

	va_copy(copy, ap);
	while (*fmt) {
		if (*fmt == '%')
			fmt = put_conversion(&s, fmt + 1, &copy);
		else
			put(&s, *fmt++);
	}
	va_end(copy);
	buf[s.len] = '\0';
	return s.len;
}

size_t da_fmt(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = da_vfmt(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The bundled example, recorded on mipsel in direct mode.
. "${top_srcdir:-.}/tests/cross/check-example.sh"
check_example mipsel
finish

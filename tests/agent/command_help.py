# SPDX-License-Identifier: LGPL-2.1-or-later
"""What laybyctl's own help says that there is: verbs, options, verbs that have their own."""
import re
import subprocess

OPTION = re.compile(r"^ +(?:-(\w), )?--([a-z-]+)(=\S+)?  ", re.M)


def text(program, *verb):
    return subprocess.run([program, *verb, "--help"], check=True, capture_output=True,
                          text=True).stdout


def verbs(page):
    """Names in the list of verbs; of a page without one none"""
    section = re.search(r"^Verbs:\n(.*?)\n\n", page, re.M | re.S)
    return re.findall(r"^  ([a-z][a-z-]*)", section[1], re.M) if section else []


def options(page):
    """Long names of the options that the page explains"""
    return {long for _, long, _ in OPTION.findall(page)}


def short_options(page):
    return {short for short, _, _ in OPTION.findall(page) if short}


def own_pages(program):
    """{verb: its own page}, of the verbs that have one"""
    main = text(program)
    pages = {verb: text(program, verb) for verb in verbs(main)}
    return {verb: page for verb, page in pages.items() if page != main}

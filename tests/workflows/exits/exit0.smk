import sys
rule all:
    output: "x.txt"
    shell: "touch {output}"
sys.exit(0)

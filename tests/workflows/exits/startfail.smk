rule all:
    output: "x.txt"
    shell: "touch {output}"
onstart:
    raise RuntimeError("start hook failed")

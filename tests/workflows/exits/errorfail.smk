rule all:
    output: "x.txt"
    shell: "exit 3"
onerror:
    raise RuntimeError("error hook failed")

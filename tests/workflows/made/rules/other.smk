rule make:
    output:
        "make.txt",
    shell:
        "echo {rule} > {output}"

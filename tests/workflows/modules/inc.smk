rule inc:
    output: 'inc.txt'
    shell: 'touch {output}'

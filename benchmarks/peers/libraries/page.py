def write(jobs, docs):
    pass

"""How far repeated measures can be trusted: nested variance components, what follows from them, agreement with others.

nested_model  values in groups within groups, and how likely variances make them
variances     the likeliest variances (REML), and their limits by the profile of the likelihood
repeated      subject, session, capture and pick of one measure: ICC, standard error, smallest detectable change, gate
agreement     scans against values that somebody took by hand (Bland & Altman)
"""

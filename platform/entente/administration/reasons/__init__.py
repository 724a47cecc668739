"""Why does this person see that?"""

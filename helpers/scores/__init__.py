"""Who is likely to leave or to grow, and how sure are we?"""

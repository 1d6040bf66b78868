"""Questions to whoever sells: a form, and the operator's inbox. Source: licensing requirements R0.2"""

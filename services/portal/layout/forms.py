"""Form fields as routes declare them."""

from typing import Annotated

from fastapi import Form

Text = Annotated[str, Form()]
TextList = Annotated[list[str], Form()]
